-- Of backend $1: who keeps it waiting, how far the server says its statement is, and which one that
-- is; when $2 is given, also who has had a transaction open for that many milliseconds and so may block.
WITH blocked AS MATERIALIZED (
    SELECT pg_catalog.pg_blocking_pids($1::integer) AS pids
), waits AS MATERIALIZED (
    SELECT w.locktype, w.mode, w.database,
           coalesce(w.relation, (SELECT t.relation FROM pg_catalog.pg_locks AS t
                                 WHERE t.pid = $1::integer AND t.locktype = 'tuple' AND t.granted
                                 LIMIT 1)) AS relation
    FROM pg_catalog.pg_locks AS w, blocked AS b
    WHERE pg_catalog.cardinality(b.pids) > 0 AND w.pid = $1::integer AND NOT w.granted
    LIMIT 1
), named AS MATERIALIZED (
    SELECT c.oid, CASE WHEN n.nspname = 'public' THEN c.relname::text
                       ELSE n.nspname || '.' || c.relname END AS name
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = (SELECT w.relation FROM waits AS w)
), sessions AS (
    SELECT a.pid, NULL::text AS gid, a.usename::text AS owner, a.application_name AS application,
           nullif(a.backend_type, 'client backend') AS process, a.state,
           a.xact_start AS since,
           CASE WHEN a.state IS NOT NULL OR a.backend_type IS NOT NULL
                THEN pg_catalog.left(a.query, 2000) END AS query,
           (SELECT pg_catalog.string_agg(DISTINCT l.mode, ', ')
            FROM pg_catalog.pg_locks AS l, waits AS w
            WHERE l.pid = a.pid AND l.granted AND l.relation = w.relation
              AND l.database = w.database) AS held
    FROM pg_catalog.pg_stat_activity AS a, blocked AS b
    WHERE a.pid = ANY (b.pids)
       OR ($2::bigint IS NOT NULL
           AND a.datname = pg_catalog.current_database()
           AND a.pid NOT IN ($1::integer, pg_catalog.pg_backend_pid())
           AND a.backend_type = 'client backend'
           AND a.xact_start < pg_catalog.clock_timestamp() - $2::bigint * interval '1 millisecond')
), prepared AS (
    SELECT 0, p.gid, p.owner::text, NULL::text, NULL::text, NULL::text, p.prepared, NULL::text,
           (SELECT pg_catalog.string_agg(DISTINCT l.mode, ', ')
            FROM pg_catalog.pg_locks AS x, pg_catalog.pg_locks AS l, waits AS w
            WHERE x.pid IS NULL AND x.transactionid = p.transaction
              AND l.pid IS NULL AND l.virtualtransaction = x.virtualtransaction
              AND l.relation = w.relation AND l.database = w.database)
    FROM pg_catalog.pg_prepared_xacts AS p, blocked AS b
    WHERE p.database = pg_catalog.current_database()
      AND (0 = ANY (b.pids)
           OR p.prepared < pg_catalog.clock_timestamp() - $2::bigint * interval '1 millisecond')
), blockers AS (
    SELECT * FROM sessions UNION ALL SELECT * FROM prepared ORDER BY since LIMIT 5
), progress AS (
    SELECT p.phase,
           CASE WHEN p.tuples_total > 0 THEN 100 * p.tuples_done / p.tuples_total
                WHEN p.blocks_total > 0 THEN 100 * p.blocks_done / p.blocks_total END AS percent
    FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.pid = $1::integer
    UNION ALL
    SELECT p.phase,
           CASE p.phase WHEN 'scanning heap'
                        THEN 100 * p.heap_blks_scanned / nullif(p.heap_blks_total, 0)
                        WHEN 'vacuuming heap'
                        THEN 100 * p.heap_blks_vacuumed / nullif(p.heap_blks_total, 0) END
    FROM pg_catalog.pg_stat_progress_vacuum AS p WHERE p.pid = $1::integer
    UNION ALL
    SELECT p.phase,
           CASE p.phase WHEN 'seq scanning heap'
                        THEN 100 * p.heap_blks_scanned / nullif(p.heap_blks_total, 0) END
    FROM pg_catalog.pg_stat_progress_cluster AS p WHERE p.pid = $1::integer
    UNION ALL
    SELECT p.phase, 100 * p.sample_blks_scanned / nullif(p.sample_blks_total, 0)
    FROM pg_catalog.pg_stat_progress_analyze AS p WHERE p.pid = $1::integer
    UNION ALL
    -- pg_stat_progress_copy came with PostgreSQL 14.
    SELECT p.param3 || ' rows', 100 * p.param1 / nullif(p.param2, 0)
    FROM pg_catalog.pg_stat_get_progress_info(
             CASE WHEN pg_catalog.current_setting('server_version_num')::integer >= 140000
                  THEN 'COPY' ELSE 'VACUUM' END) AS p
    WHERE p.pid = $1::integer
      AND pg_catalog.current_setting('server_version_num')::integer >= 140000
)
SELECT b.pid, b.gid, b.owner, b.application, b.process, b.state,
       pg_catalog.floor(1000 * extract(epoch FROM pg_catalog.clock_timestamp() - b.since))::bigint,
       b.query, w.locktype, n.name, w.mode, b.held, NULL::text, NULL::bigint,
       NULL::text, NULL::bigint
FROM blockers AS b LEFT JOIN waits AS w ON true LEFT JOIN named AS n ON true
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, p.phase, p.percent,
       NULL, NULL
FROM progress AS p
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, a.query,
       pg_catalog.floor(1000 * extract(epoch FROM pg_catalog.clock_timestamp()
                                                  - a.query_start))::bigint
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = $1::integer AND a.state = 'active';
