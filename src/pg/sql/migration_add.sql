INSERT INTO predeploy.migrations
    (name, hash, down_sql, down_hash, adopted, drizzle_id, drizzle_created_at, deployment,
     duration_ms, tokens)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING seq;
