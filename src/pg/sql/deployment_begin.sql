INSERT INTO predeploy.deployments
    (id, kind, commit, ref, actor, tool_version, started_at, finished_at, outcome, detail,
     backup_reference, tables_before, tables_after, migrations)
VALUES ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, pg_catalog.clock_timestamp()),
        CASE WHEN $9 <> 'running' THEN coalesce($8::timestamptz, pg_catalog.clock_timestamp()) END,
        $9, $10, $11, $12, $13, $14);
