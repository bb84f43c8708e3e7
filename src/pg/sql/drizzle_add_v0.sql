INSERT INTO {ledger} ("hash", "created_at") VALUES ($1, $2) RETURNING "id"::pg_catalog.text;
