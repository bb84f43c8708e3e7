-- Whether the session of a statement's last attempt is still there. Who may not see the start of
-- another role's session can't tell whether it is the one.
SELECT pg_catalog.count(*)
FROM predeploy.statements AS s
JOIN pg_catalog.pg_stat_activity AS a ON a.pid = s.backend_pid
WHERE s.migration = $1::pg_catalog.text AND s.direction = $2::pg_catalog.text
  AND s.number = $3::pg_catalog.int4
  AND coalesce(a.backend_start = s.backend_start, true);
