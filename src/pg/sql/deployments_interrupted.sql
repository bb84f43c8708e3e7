-- The hash of a row that somebody changed stays as it is.
UPDATE predeploy.deployments AS d
SET outcome = n.outcome, detail = n.detail, finished_at = n.finished_at,
    hash = CASE WHEN n.whole THEN {{deployment_hash}} ELSE d.hash END
FROM (SELECT n.id, n.seq, n.kind, n.commit, n.ref, n.actor, n.tool_version, n.started_at,
             pg_catalog.clock_timestamp() AS finished_at, 'interrupted'::text AS outcome,
             'it never said how it ended; found by the next deployment'::text AS detail,
             n.backup_reference, n.tables_before, n.tables_after, n.migrations, n.previous, n.state,
             n.hash = {{deployment_hash}} AS whole
      FROM predeploy.deployments AS n
      WHERE n.outcome = 'running'
      FOR UPDATE) AS n
WHERE d.id = n.id AND d.outcome = 'running';
