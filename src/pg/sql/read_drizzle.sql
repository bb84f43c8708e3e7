SELECT t.id::text, t.hash::text, t.created_at::text, {name}
FROM {ledger} AS t
ORDER BY t.id
LIMIT $1;
