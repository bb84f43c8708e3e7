-- Two migrators at once leave the same row twice: what is taken out must not stay in by the other.
-- A row that the ledger knows as another migration's is none, however equal.
DELETE FROM {ledger} AS t
USING {ledger} AS s
WHERE s.id = $1::bigint AND t.id <> s.id AND t.hash = s.hash
  AND t.created_at IS NOT DISTINCT FROM s.created_at AND {same_name}
  AND NOT EXISTS (SELECT FROM predeploy.migrations AS m WHERE m.drizzle_id = t.id);
