SELECT m.seq, m.name, m.hash, m.down_sql, m.down_hash, m.adopted, m.drizzle_id,
       m.drizzle_created_at, m.deployment,
       pg_catalog.to_char(pg_catalog.timezone('UTC', m.applied_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       -- a ledger that was not upgraded yet has no such column
       pg_catalog.jsonb_extract_path_text(pg_catalog.to_jsonb(m.*), 'tokens')
FROM predeploy.migrations AS m
ORDER BY m.seq
LIMIT $1;
