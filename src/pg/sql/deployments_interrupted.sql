UPDATE predeploy.deployments
SET outcome = 'interrupted', finished_at = pg_catalog.clock_timestamp(),
    detail = 'it never said how it ended; found by the next deployment'
WHERE outcome = 'running';
