-- Written by the batch itself, behind the rows of its migrations, so that the row says what was
-- committed and nothing else. A row that was changed since this deployment wrote it is not there.
-- $1 is the schema whose tables are counted.
UPDATE predeploy.deployments AS d
SET tables_before = n.tables_before, tables_after = n.tables_after, migrations = n.migrations,
    outcome = n.outcome, finished_at = n.finished_at, state = n.state, hash = {{deployment_hash}}
FROM (SELECT n.id, n.seq, n.kind, n.commit, n.ref, n.actor, n.tool_version, n.started_at,
             CASE WHEN $5::boolean THEN pg_catalog.clock_timestamp() END AS finished_at,
             CASE WHEN $5::boolean THEN 'succeeded' ELSE n.outcome END AS outcome,
             n.detail, n.backup_reference,
             coalesce(n.tables_before, $2::bigint) AS tables_before, (
                 {{tables_count}}) AS tables_after,
             n.migrations || $4::text[] AS migrations, n.previous,
             {{migrations_digest}} AS state
      FROM predeploy.deployments AS n
      WHERE n.id = $3::uuid AND n.outcome = 'running' AND n.hash = {{deployment_hash}}
      FOR UPDATE) AS n
WHERE d.id = n.id AND d.outcome = 'running'
RETURNING d.tables_after;
