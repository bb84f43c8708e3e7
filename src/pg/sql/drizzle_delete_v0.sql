-- created_at is what Drizzle knows a migration by; the hash tells apart those that share it.
DELETE FROM {ledger} AS t
WHERE t.created_at = $2::bigint
  AND (t.hash = $1::text
       OR NOT EXISTS (SELECT FROM {ledger} AS s
                      WHERE s.created_at = $2::bigint AND s.hash = $1::text));
