-- {tokens}: a ledger that was not upgraded yet has no such column.
SELECT m.seq, m.name, m.hash, m.down_sql, m.down_hash, m.adopted, m.drizzle_id,
       m.drizzle_created_at, m.deployment,
       CASE WHEN pg_catalog.isfinite(m.applied_at)
            THEN pg_catalog.floor(extract(epoch FROM m.applied_at))::bigint END, {tokens}
FROM predeploy.migrations AS m
ORDER BY m.seq
LIMIT $1;
