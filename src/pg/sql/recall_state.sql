-- The newest deployment, and whether the ledger stands still behind it. Fails (22012) where it is not
-- of the commit $1, or has no verdict: the rest need not be asked then.
SELECT d.id, d.verdict,
       d.kind = 'deploy' AND d.outcome = 'succeeded'
           AND NOT EXISTS (SELECT FROM predeploy.deployments AS r WHERE r.outcome = 'running')
           AND NOT EXISTS (SELECT FROM predeploy.statements AS s)
           AND NOT pg_catalog.pg_is_in_recovery()
           AND pg_catalog.current_setting('default_transaction_read_only') = 'off',
       (SELECT pg_catalog.count(*) FROM predeploy.migrations AS m),
       1 / CASE WHEN d.commit = $1::text AND d.verdict IS NOT NULL THEN 1 ELSE 0 END
FROM predeploy.deployments AS d
ORDER BY d.seq DESC
LIMIT 1;
