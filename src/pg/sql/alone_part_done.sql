-- In the transaction of the statements themselves. A note of an attempt that failed and left nothing
-- makes room.
INSERT INTO predeploy.statements AS s
    (migration, direction, number, hash, digest, kind, state, deployment, backend_pid,
     backend_start, finished_at)
SELECT $1::pg_catalog.text, $2::pg_catalog.text, u.number, $3::pg_catalog.text, u.digest, u.kind,
       'done', $4::pg_catalog.uuid, a.pid, a.backend_start, pg_catalog.clock_timestamp()
FROM ROWS FROM (pg_catalog.unnest($5::pg_catalog.int4[]), pg_catalog.unnest($6::pg_catalog.text[]),
                pg_catalog.unnest($7::pg_catalog.text[])) AS u (number, digest, kind),
     pg_catalog.pg_stat_activity AS a
WHERE a.pid = pg_catalog.pg_backend_pid()
ON CONFLICT (migration, direction, number) DO UPDATE
SET hash = excluded.hash,
    digest = excluded.digest,
    kind = excluded.kind,
    state = excluded.state,
    object = NULL,
    error = NULL,
    deployment = excluded.deployment,
    attempts = s.attempts + 1,
    backend_pid = excluded.backend_pid,
    backend_start = excluded.backend_start,
    started_at = pg_catalog.clock_timestamp(),
    finished_at = excluded.finished_at
WHERE s.state = 'running' AND s.before IS NULL
RETURNING s.number;
