-- Runs that took over what another tool had applied become deployments.
UPDATE predeploy.deployments SET kind = 'deploy' WHERE kind = 'adopt';
ALTER TABLE predeploy.deployments DROP CONSTRAINT deployments_kind_check;
ALTER TABLE predeploy.deployments
    ADD CONSTRAINT deployments_kind_check CHECK (kind IN ('deploy', 'rollback'));
ALTER TABLE predeploy.migrations DROP COLUMN tokens;
