-- As recall_state.sql in a transaction that is to write a verdict. Fails (22012) where the ledger does
-- not stand still behind a deployment of the commit $1.
SELECT d.id, d.verdict, pg_catalog.txid_current() & 4294967295,
       1 / CASE WHEN d.commit = $1::text AND d.kind = 'deploy' AND d.outcome = 'succeeded'
                     AND NOT EXISTS (SELECT FROM predeploy.deployments AS r
                                     WHERE r.outcome = 'running')
                     AND NOT EXISTS (SELECT FROM predeploy.statements AS s)
                THEN 1 ELSE 0 END,
       {{recall_rows}}
