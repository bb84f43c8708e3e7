-- Takes the ledger out: what was applied to this database is not known afterwards.
DROP TABLE predeploy.seal;
DROP TABLE predeploy.migrations;
DROP TABLE predeploy.deployments;
DROP TABLE predeploy.schema_migrations;
DROP SCHEMA predeploy;
