-- Not pg_stat_activity, the view over that function: it takes ten times as long to plan. Of a process
-- 0 there is nothing.
SELECT s.migration, s.direction, s.number, s.digest, s.kind, s.state, s.object, s.before,
       s.deployment,
       pg_catalog.to_char(pg_catalog.timezone('UTC', s.started_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       s.error, a.pid
FROM predeploy.statements AS s
LEFT JOIN LATERAL pg_catalog.pg_stat_get_activity(
              CASE s.state WHEN 'running' THEN s.backend_pid ELSE 0 END) AS a
     ON a.backend_start = s.backend_start
ORDER BY s.migration, s.direction, s.number
LIMIT $1;
