LOCK TABLE predeploy.schema_migrations, predeploy.deployments, predeploy.migrations, predeploy.seal,
    predeploy.statements IN SHARE ROW EXCLUSIVE MODE;
