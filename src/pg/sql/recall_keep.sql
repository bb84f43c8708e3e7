UPDATE predeploy.deployments AS d
SET verdict = $2::text
WHERE d.id = $1::uuid AND d.outcome = 'succeeded';
