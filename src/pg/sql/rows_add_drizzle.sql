-- Rows of both ledgers. RETURNING gives Drizzle's in the order in which they went in: so the number
-- of a row tells whose it is, and one that came back without its hash is nobody's.
WITH g AS MATERIALIZED (
     {{rows_given}}
), d AS (
    INSERT INTO {ledger} ("hash", "created_at"{column})
    SELECT g.hash, g.created_at{value} FROM g WHERE g.writes ORDER BY g.place
    RETURNING "id"::pg_catalog.text AS id, "hash"::pg_catalog.text AS hash
), k AS (
    SELECT d.id, d.hash, pg_catalog.row_number() OVER () AS number FROM d
), w AS (
    SELECT g.*, pg_catalog.count(*) FILTER (WHERE g.writes) OVER (ORDER BY g.place) AS number FROM g
)
INSERT INTO predeploy.migrations
    (name, hash, tokens, down_sql, down_hash, adopted, drizzle_id, drizzle_created_at, deployment,
     duration_ms, applied_at)
SELECT w.name, w.hash, w.tokens, w.down_sql, w.down_hash, w.adopted,
       coalesce(w.drizzle_id, k.id::bigint), w.created_at, $1::uuid, w.ms,
       pg_catalog.clock_timestamp() - w.ago * interval '1 millisecond'
FROM w
LEFT JOIN k ON w.writes AND k.number = w.number AND k.hash = w.hash
WHERE NOT w.writes OR k.id IS NOT NULL
ORDER BY w.place
RETURNING seq;
