-- Written by the batch itself, so that the row says what was committed and nothing else.
UPDATE predeploy.deployments
SET tables_before = coalesce(tables_before, $2::bigint),
    tables_after = $3::bigint,
    migrations = migrations || $4::text[],
    outcome = CASE WHEN $5::boolean THEN 'succeeded' ELSE outcome END,
    finished_at = CASE WHEN $5::boolean THEN pg_catalog.clock_timestamp() END
WHERE id = $1::uuid AND outcome = 'running';
