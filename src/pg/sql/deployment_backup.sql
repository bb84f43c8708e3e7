UPDATE predeploy.deployments SET backup_reference = $2 WHERE id = $1::uuid AND outcome = 'running';
