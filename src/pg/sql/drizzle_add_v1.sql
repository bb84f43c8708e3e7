INSERT INTO {ledger} ("hash", "created_at", "name") VALUES ($1, $2, $3) RETURNING "id"::pg_catalog.text;
