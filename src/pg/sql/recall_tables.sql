LOCK TABLE predeploy.deployments, predeploy.migrations, predeploy.statements,
    predeploy.schema_migrations IN ACCESS SHARE MODE NOWAIT;
