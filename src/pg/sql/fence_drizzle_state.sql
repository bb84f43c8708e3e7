SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(
           pg_catalog.string_agg(t.id || '|' || coalesce(t.hash::text, ''), E'\n' ORDER BY t.id),
           ''), 'UTF8')), 'hex')
FROM {ledger} AS t;
