-- The hash of a row that somebody changed stays as it is.
UPDATE predeploy.deployments AS d
SET backup_reference = n.backup_reference,
    hash = CASE WHEN n.whole THEN {{deployment_hash}} ELSE d.hash END
FROM (SELECT n.id, n.seq, n.kind, n.commit, n.ref, n.actor, n.tool_version, n.started_at,
             n.finished_at, n.outcome, n.detail, $2::text AS backup_reference, n.tables_before,
             n.tables_after, n.migrations, n.previous, n.state,
             n.hash = {{deployment_hash}} AS whole
      FROM predeploy.deployments AS n
      WHERE n.id = $1::uuid AND n.outcome = 'running'
      FOR UPDATE) AS n
WHERE d.id = n.id AND d.outcome = 'running';
