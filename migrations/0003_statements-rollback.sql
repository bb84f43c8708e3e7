-- What was half done is not known afterwards: finish it first.
ALTER TABLE predeploy.deployments DROP COLUMN hash;
ALTER TABLE predeploy.deployments DROP COLUMN state;
ALTER TABLE predeploy.deployments DROP COLUMN previous;
DROP TABLE predeploy.statements;
