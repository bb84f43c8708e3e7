SELECT EXISTS (SELECT FROM predeploy.deployments AS d WHERE d.outcome = 'running');
