SELECT s.number, s.digest, s.state, s.object, s.before, s.backend_pid
FROM predeploy.statements AS s
WHERE s.migration = $1::pg_catalog.text AND s.direction = $2::pg_catalog.text
ORDER BY s.number;
