-- A row without a name was written by a migrator that knows none: created_at and the hash decide.
DELETE FROM {ledger} AS t
WHERE t.name = $3::text
   OR (t.name IS NULL AND t.created_at = $2::bigint
       AND (t.hash = $1::text
            OR NOT EXISTS (SELECT FROM {ledger} AS s
                           WHERE s.created_at = $2::bigint AND s.hash = $1::text)));
