-- Rows of predeploy's ledger.
INSERT INTO predeploy.migrations
    (name, hash, tokens, down_sql, down_hash, adopted, drizzle_id, drizzle_created_at, deployment,
     duration_ms, applied_at)
SELECT g.name, g.hash, g.tokens, g.down_sql, g.down_hash, g.adopted, g.drizzle_id, g.created_at,
       $1::uuid, g.ms, pg_catalog.clock_timestamp() - g.ago * interval '1 millisecond'
FROM (
     {{rows_given}}
     ) AS g
ORDER BY g.place
RETURNING seq;
