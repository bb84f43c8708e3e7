-- What all migrations of the ledger come to, for a database that has none: one text costs half of what
-- they cost. Schema predeploy may be there, made by somebody for a role without CREATE on the database.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'predeploy') THEN
        CREATE SCHEMA predeploy;
    END IF;
END
$$;
REVOKE ALL ON SCHEMA predeploy FROM PUBLIC;
COMMENT ON SCHEMA predeploy IS 'Ledger of predeploy: what was applied to this database, and by which deployment.';

CREATE TABLE predeploy.schema_migrations (
    name text NOT NULL,
    hash text NOT NULL,
    tool_version text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT schema_migrations_pkey PRIMARY KEY (name),
    CONSTRAINT schema_migrations_hash_check CHECK (hash ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE predeploy.schema_migrations IS 'Which migrations of the ledger itself are in.';

CREATE TABLE predeploy.deployments (
    id uuid NOT NULL,
    seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    commit text NOT NULL,
    ref text,
    actor text NOT NULL,
    tool_version text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcome text NOT NULL,
    detail text,
    backup_reference text,
    tables_before bigint,
    tables_after bigint,
    migrations text[] NOT NULL DEFAULT '{}',
    previous text,
    state text,
    hash text,
    verdict text,
    CONSTRAINT deployments_pkey PRIMARY KEY (id),
    CONSTRAINT deployments_seq_key UNIQUE (seq),
    CONSTRAINT deployments_kind_check CHECK (kind IN ('deploy', 'rollback', 'adopt')),
    CONSTRAINT deployments_outcome_check
        CHECK (outcome IN ('running', 'succeeded', 'failed', 'interrupted', 'unknown')),
    CONSTRAINT deployments_finished_check CHECK ((outcome = 'running') = (finished_at IS NULL)),
    CONSTRAINT deployments_previous_check CHECK (previous ~ '^[0-9a-f]{64}$'),
    CONSTRAINT deployments_state_check CHECK (state ~ '^[0-9a-f]{64}$'),
    CONSTRAINT deployments_hash_check CHECK (hash ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE predeploy.deployments IS 'Runs that tried to take this database to a revision, and how they ended.';
COMMENT ON COLUMN predeploy.deployments.seq IS 'Order in which deployments began.';
COMMENT ON COLUMN predeploy.deployments.commit IS 'Object id of the revision.';
COMMENT ON COLUMN predeploy.deployments.backup_reference IS 'What the backup webhook answered.';
COMMENT ON COLUMN predeploy.deployments.tables_before IS 'Tables of the verified schema; NULL when they were not counted.';
COMMENT ON COLUMN predeploy.deployments.migrations IS 'Names that were committed, in the order in which they ran.';
COMMENT ON COLUMN predeploy.deployments.previous IS 'Hash of the row before when this deployment began; NULL where a chain begins anew.';
COMMENT ON COLUMN predeploy.deployments.state IS 'Digest of predeploy.migrations when this deployment had last written to it.';
COMMENT ON COLUMN predeploy.deployments.hash IS 'SHA-256 of the rest of the row; NULL in rows of an older predeploy.';
COMMENT ON COLUMN predeploy.deployments.verdict IS 'Digest of all that the last verdict on this commit depended on, when nothing was to be done and nothing was found; when it was given, and on which migrations.';

CREATE TABLE predeploy.migrations (
    seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    hash text NOT NULL,
    down_sql text,
    down_hash text,
    adopted boolean NOT NULL,
    drizzle_id bigint,
    drizzle_created_at bigint,
    deployment uuid NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    duration_ms bigint NOT NULL,
    tokens text,
    CONSTRAINT migrations_pkey PRIMARY KEY (seq),
    CONSTRAINT migrations_name_key UNIQUE (name),
    CONSTRAINT migrations_deployment_fkey FOREIGN KEY (deployment) REFERENCES predeploy.deployments (id),
    CONSTRAINT migrations_hash_check CHECK (hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT migrations_down_check CHECK ((down_sql IS NULL) = (down_hash IS NULL)),
    CONSTRAINT migrations_down_hash_check CHECK (down_hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT migrations_tokens_check CHECK (tokens ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE predeploy.migrations IS 'Migrations that stand in this database.';
COMMENT ON COLUMN predeploy.migrations.seq IS 'Order of application.';
COMMENT ON COLUMN predeploy.migrations.hash IS 'SHA-256 of the committed file.';
COMMENT ON COLUMN predeploy.migrations.down_sql IS 'The rollback companion as it was committed with the migration.';
COMMENT ON COLUMN predeploy.migrations.adopted IS 'It was applied by another tool, before predeploy came.';
COMMENT ON COLUMN predeploy.migrations.drizzle_id IS 'id of its row in the table of Drizzle; NULL when it has none there.';
COMMENT ON COLUMN predeploy.migrations.drizzle_created_at IS 'created_at of its row in the table of Drizzle.';
COMMENT ON COLUMN predeploy.migrations.tokens IS 'SHA-256 of the tokens of the SQL, without comments and white space; NULL when it was not known.';

CREATE TABLE predeploy.seal (
    batch text NOT NULL,
    sealed_by text NOT NULL,
    CONSTRAINT seal_pkey PRIMARY KEY (batch),
    CONSTRAINT seal_sealed_by_fkey FOREIGN KEY (sealed_by) REFERENCES predeploy.seal (batch)
        DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE predeploy.seal IS 'Always empty. A row stands here while migrations run, so that a COMMIT among them fails.';

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

REVOKE ALL ON ALL TABLES IN SCHEMA predeploy FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA predeploy FROM PUBLIC;
