-- The ledger of predeploy: which migrations stand in this database, and which deployment brought
-- each. predeploy makes and upgrades it by itself, under the deployment lock.

-- A role without CREATE on the database works too, when somebody has made the schema for it.
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
    CONSTRAINT deployments_pkey PRIMARY KEY (id),
    CONSTRAINT deployments_seq_key UNIQUE (seq),
    CONSTRAINT deployments_kind_check CHECK (kind IN ('deploy', 'rollback')),
    CONSTRAINT deployments_outcome_check
        CHECK (outcome IN ('running', 'succeeded', 'failed', 'interrupted', 'unknown')),
    CONSTRAINT deployments_finished_check CHECK ((outcome = 'running') = (finished_at IS NULL))
);
COMMENT ON TABLE predeploy.deployments IS 'Runs that tried to take this database to a revision, and how they ended.';
COMMENT ON COLUMN predeploy.deployments.seq IS 'Order in which deployments began.';
COMMENT ON COLUMN predeploy.deployments.commit IS 'Object id of the revision.';
COMMENT ON COLUMN predeploy.deployments.backup_reference IS 'What the backup webhook answered.';
COMMENT ON COLUMN predeploy.deployments.tables_before IS 'Tables of the verified schema; NULL when they were not counted.';
COMMENT ON COLUMN predeploy.deployments.migrations IS 'Names that were committed, in the order in which they ran.';

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
    CONSTRAINT migrations_pkey PRIMARY KEY (seq),
    CONSTRAINT migrations_name_key UNIQUE (name),
    CONSTRAINT migrations_deployment_fkey FOREIGN KEY (deployment) REFERENCES predeploy.deployments (id),
    CONSTRAINT migrations_hash_check CHECK (hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT migrations_down_check CHECK ((down_sql IS NULL) = (down_hash IS NULL)),
    CONSTRAINT migrations_down_hash_check CHECK (down_hash ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE predeploy.migrations IS 'Migrations that stand in this database.';
COMMENT ON COLUMN predeploy.migrations.seq IS 'Order of application.';
COMMENT ON COLUMN predeploy.migrations.hash IS 'SHA-256 of the committed file.';
COMMENT ON COLUMN predeploy.migrations.down_sql IS 'The rollback companion as it was committed with the migration.';
COMMENT ON COLUMN predeploy.migrations.adopted IS 'It was applied by another tool, before predeploy came.';
COMMENT ON COLUMN predeploy.migrations.drizzle_id IS 'id of its row in the table of Drizzle; NULL when it has none there.';
COMMENT ON COLUMN predeploy.migrations.drizzle_created_at IS 'created_at of its row in the table of Drizzle.';

CREATE TABLE predeploy.seal (
    batch text NOT NULL,
    sealed_by text NOT NULL,
    CONSTRAINT seal_pkey PRIMARY KEY (batch),
    CONSTRAINT seal_sealed_by_fkey FOREIGN KEY (sealed_by) REFERENCES predeploy.seal (batch)
        DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE predeploy.seal IS 'Always empty. A row stands here while migrations run, so that a COMMIT among them fails.';

REVOKE ALL ON ALL TABLES IN SCHEMA predeploy FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA predeploy FROM PUBLIC;
