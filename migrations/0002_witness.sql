-- What a mismatch is diagnosed with, and what was taken over from another tool.
ALTER TABLE predeploy.migrations ADD COLUMN tokens text;
ALTER TABLE predeploy.migrations
    ADD CONSTRAINT migrations_tokens_check CHECK (tokens ~ '^[0-9a-f]{64}$');
COMMENT ON COLUMN predeploy.migrations.tokens IS 'SHA-256 of the tokens of the SQL, without comments and white space; NULL when it was not known.';

ALTER TABLE predeploy.deployments DROP CONSTRAINT deployments_kind_check;
ALTER TABLE predeploy.deployments
    ADD CONSTRAINT deployments_kind_check CHECK (kind IN ('deploy', 'rollback', 'adopt'));
