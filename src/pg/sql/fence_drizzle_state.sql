-- Digest of the rows as they were read for the plan: a created_at that is no whole number of 64
-- bits counts as none.
SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(
           pg_catalog.string_agg(
               t.id || '|' || coalesce(t.hash::pg_catalog.text, '') || '|' || coalesce(
                   CASE WHEN t.created_at::pg_catalog.text ~ '^-?[0-9]+$'
                        THEN CASE WHEN t.created_at::pg_catalog.text::numeric
                                       BETWEEN -9223372036854775808 AND 9223372036854775807
                                  THEN t.created_at::pg_catalog.text::numeric::pg_catalog.text
                             END
                   END, '') || '|' || coalesce({name}, ''),
               E'\n' ORDER BY t.id),
           ''), 'UTF8')), 'hex')
FROM {ledger} AS t;
