-- Committed before the statement is sent, by the session that will run it.
INSERT INTO predeploy.statements AS s
    (migration, direction, number, hash, digest, kind, state, object, before, deployment,
     backend_pid, backend_start)
SELECT $1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.int4, $4::pg_catalog.text,
       $5::pg_catalog.text, $6::pg_catalog.text, 'running', $7::pg_catalog.text,
       $8::pg_catalog.text, $9::pg_catalog.uuid, a.pid, a.backend_start
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = pg_catalog.pg_backend_pid()
ON CONFLICT (migration, direction, number) DO UPDATE
SET hash = excluded.hash,
    digest = excluded.digest,
    kind = excluded.kind,
    object = excluded.object,
    before = excluded.before,
    error = NULL,
    deployment = excluded.deployment,
    attempts = s.attempts + 1,
    backend_pid = excluded.backend_pid,
    backend_start = excluded.backend_start,
    started_at = pg_catalog.clock_timestamp()
WHERE s.state = 'running'
RETURNING s.number;
