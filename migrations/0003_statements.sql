-- What statements outside transactions leave to go on from, and a chain that shows edits by hand.
CREATE TABLE predeploy.statements (
    migration text NOT NULL,
    direction text NOT NULL,
    number integer NOT NULL,
    hash text NOT NULL,
    digest text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    object text,
    before text,
    error text,
    deployment uuid NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    backend_pid integer NOT NULL,
    backend_start timestamptz NOT NULL,
    started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at timestamptz,
    CONSTRAINT statements_pkey PRIMARY KEY (migration, direction, number),
    CONSTRAINT statements_deployment_fkey FOREIGN KEY (deployment) REFERENCES predeploy.deployments (id),
    CONSTRAINT statements_direction_check CHECK (direction IN ('up', 'down')),
    CONSTRAINT statements_number_check CHECK (number >= 1),
    CONSTRAINT statements_hash_check CHECK (hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT statements_digest_check CHECK (digest ~ '^[0-9a-f]{64}$'),
    CONSTRAINT statements_state_check CHECK (state IN ('running', 'done')),
    CONSTRAINT statements_finished_check CHECK ((state = 'running') = (finished_at IS NULL))
);
COMMENT ON TABLE predeploy.statements IS 'Statements of migrations that run outside a transaction and are not finished: what a next run goes on from.';
COMMENT ON COLUMN predeploy.statements.direction IS 'up: of the migration, down: of its companion.';
COMMENT ON COLUMN predeploy.statements.number IS 'Which statement of the text, from 1.';
COMMENT ON COLUMN predeploy.statements.hash IS 'SHA-256 of the whole text.';
COMMENT ON COLUMN predeploy.statements.digest IS 'SHA-256 of the statement as it is sent.';
COMMENT ON COLUMN predeploy.statements.object IS 'What it makes, takes away or changes.';
COMMENT ON COLUMN predeploy.statements.before IS 'What stood in its place before the first attempt.';
COMMENT ON COLUMN predeploy.statements.error IS 'What the last attempt ended with.';
COMMENT ON COLUMN predeploy.statements.backend_pid IS 'Session of the last attempt: it may still be at work.';
REVOKE ALL ON TABLE predeploy.statements FROM PUBLIC;

ALTER TABLE predeploy.deployments ADD COLUMN previous text;
ALTER TABLE predeploy.deployments ADD COLUMN state text;
ALTER TABLE predeploy.deployments ADD COLUMN hash text;
ALTER TABLE predeploy.deployments
    ADD CONSTRAINT deployments_previous_check CHECK (previous ~ '^[0-9a-f]{64}$');
ALTER TABLE predeploy.deployments
    ADD CONSTRAINT deployments_state_check CHECK (state ~ '^[0-9a-f]{64}$');
ALTER TABLE predeploy.deployments
    ADD CONSTRAINT deployments_hash_check CHECK (hash ~ '^[0-9a-f]{64}$');
COMMENT ON COLUMN predeploy.deployments.previous IS 'Hash of the row before when this deployment began; NULL where a chain begins anew.';
COMMENT ON COLUMN predeploy.deployments.state IS 'Digest of predeploy.migrations when this deployment had last written to it.';
COMMENT ON COLUMN predeploy.deployments.hash IS 'SHA-256 of the rest of the row; NULL in rows of an older predeploy.';
