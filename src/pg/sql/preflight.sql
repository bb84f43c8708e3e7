-- Who holds what locks on relations $1 would be in the way of, of modes $2, and has had a
-- transaction open for $3 milliseconds, or is pg_dump; with $4 any old transaction of the database
-- counts. Unqualified names are looked up as the role's sessions do.
WITH wanted AS (
    SELECT w.name, w.mode, w.ord - 1 AS ord
    FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]))
         WITH ORDINALITY AS w (name, mode, ord)
), path AS (
    SELECT CASE p.name WHEN '$user' THEN session_user::text ELSE p.name END AS schema
    FROM pg_catalog.pg_settings AS s,
         LATERAL (SELECT pg_catalog.btrim(x, ' "') AS name
                  FROM pg_catalog.regexp_split_to_table(s.reset_val, ',') AS x) AS p
    WHERE s.name = 'search_path'
), relations AS (
    SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
), targets AS (
    SELECT r.oid, r.schema, r.name, w.mode, w.ord
    FROM relations AS r JOIN wanted AS w ON w.name = r.schema || '.' || r.name
    UNION ALL
    SELECT r.oid, r.schema, r.name, w.mode, w.ord
    FROM relations AS r JOIN wanted AS w ON w.name = r.name JOIN path AS p ON p.schema = r.schema
), holders AS (
    SELECT l.pid, l.virtualtransaction, min(t.ord) AS ord, count(DISTINCT t.oid) AS relations,
           (pg_catalog.array_agg(CASE WHEN t.schema = 'public' THEN t.name
                                      ELSE t.schema || '.' || t.name END ORDER BY t.ord))[1] AS name,
           (pg_catalog.array_agg(l.mode ORDER BY t.ord))[1] AS held
    FROM pg_catalog.pg_locks AS l JOIN targets AS t ON t.oid = l.relation
    WHERE l.locktype = 'relation' AND l.granted
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                        WHERE d.datname = pg_catalog.current_database())
      AND CASE t.mode
          WHEN 'RowExclusiveLock' THEN l.mode IN ('ShareLock', 'ShareRowExclusiveLock',
                                                  'ExclusiveLock', 'AccessExclusiveLock')
          WHEN 'ShareUpdateExclusiveLock' THEN l.mode NOT IN ('AccessShareLock', 'RowShareLock',
                                                              'RowExclusiveLock')
          WHEN 'ShareLock' THEN l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'ShareLock')
          WHEN 'ShareRowExclusiveLock' THEN l.mode NOT IN ('AccessShareLock', 'RowShareLock')
          ELSE true END
    GROUP BY l.pid, l.virtualtransaction
), sessions AS (
    SELECT h.ord, h.relations, h.name, h.held, a.pid, NULL::text AS gid, a.usename::text AS owner,
           a.application_name AS application, a.state, a.xact_start AS since,
           CASE WHEN a.state IS NOT NULL THEN pg_catalog.left(a.query, 2000) END AS query,
           a.application_name = 'pg_dump' AND h.pid IS NOT NULL AS dump
    FROM pg_catalog.pg_stat_activity AS a LEFT JOIN holders AS h ON h.pid = a.pid
    WHERE a.pid <> pg_catalog.pg_backend_pid()
      AND (a.application_name = 'pg_dump' AND h.pid IS NOT NULL
           OR (a.backend_type = 'client backend'
               AND a.xact_start < pg_catalog.clock_timestamp() - $3::bigint * interval '1 millisecond'
               AND (h.pid IS NOT NULL
                    OR ($4::boolean AND a.datname = pg_catalog.current_database()
                        AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)))))
), prepared AS (
    SELECT h.ord, h.relations, h.name, h.held, 0, p.gid, p.owner::text, NULL::text, NULL::text,
           p.prepared, NULL::text, false
    FROM pg_catalog.pg_prepared_xacts AS p
    LEFT JOIN pg_catalog.pg_locks AS x ON x.pid IS NULL AND x.transactionid = p.transaction
    LEFT JOIN holders AS h ON h.pid IS NULL AND h.virtualtransaction = x.virtualtransaction
    WHERE p.database = pg_catalog.current_database()
      AND p.prepared < pg_catalog.clock_timestamp() - $3::bigint * interval '1 millisecond'
      AND (h.virtualtransaction IS NOT NULL OR $4::boolean)
)
SELECT s.pid, s.gid, s.owner, s.application, s.state,
       pg_catalog.floor(1000 * extract(epoch FROM pg_catalog.clock_timestamp() - s.since))::bigint,
       s.query, s.name, s.held, s.dump, s.ord, s.relations
FROM (SELECT * FROM sessions UNION ALL SELECT * FROM prepared) AS s
ORDER BY s.since
LIMIT 10;
