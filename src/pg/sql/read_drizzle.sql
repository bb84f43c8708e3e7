SELECT t.id::pg_catalog.text, t.hash::pg_catalog.text, t.created_at::pg_catalog.text, {name}
FROM {ledger} AS t
ORDER BY t.id
LIMIT $1;
