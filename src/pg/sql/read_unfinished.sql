SELECT s.migration, s.direction, s.number, s.digest, s.kind, s.state, s.object, s.before,
       s.deployment,
       pg_catalog.to_char(pg_catalog.timezone('UTC', s.started_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       s.error
FROM predeploy.statements AS s
ORDER BY s.migration, s.direction, s.number
LIMIT $1;
