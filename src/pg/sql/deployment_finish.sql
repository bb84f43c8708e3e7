-- Only what still runs: a row that a COMMIT has set to succeeded tells the truth already.
UPDATE predeploy.deployments
SET outcome = $2, detail = $3, finished_at = coalesce($4::timestamptz, pg_catalog.clock_timestamp())
WHERE id = $1::uuid AND outcome = 'running';
