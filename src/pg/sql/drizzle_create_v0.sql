CREATE TABLE IF NOT EXISTS {ledger} (
    id SERIAL PRIMARY KEY,
    hash text NOT NULL,
    created_at bigint
);
