LOCK TABLE predeploy.schema_migrations, predeploy.deployments, predeploy.migrations, predeploy.seal
    IN SHARE ROW EXCLUSIVE MODE;
