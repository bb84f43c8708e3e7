-- A row that has the id, and neither the time nor the hash, is another one: the table was made anew.
DELETE FROM {ledger} AS t
WHERE t.id = $1::bigint
  AND ($2::bigint IS NULL OR t.created_at = $2::bigint OR t.hash = $3::pg_catalog.text);
