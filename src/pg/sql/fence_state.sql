-- Digest of the rows as they were read for the plan.
SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(
           pg_catalog.string_agg(
               m.seq || '|' || m.name || '|' || m.hash || '|' ||
               coalesce(pg_catalog.encode(pg_catalog.sha256(
                   pg_catalog.convert_to(m.down_sql, 'UTF8')), 'hex'), '') || '|' ||
               coalesce(m.drizzle_id, 0) || '|' ||
               coalesce(m.drizzle_created_at::pg_catalog.text, ''), E'\n' ORDER BY m.seq),
           ''), 'UTF8')), 'hex')
FROM predeploy.migrations AS m;
