-- The newest deployment with the verdict that was written into it, and marks of the ledger's rows.
-- Fails (22012) where it is not of the commit $1, or has no verdict: the rest need not be asked then.
SELECT d.id, d.verdict, d.xid,
       1 / CASE WHEN d.commit = $1::text AND d.verdict IS NOT NULL
                     AND NOT pg_catalog.pg_is_in_recovery()
                     AND pg_catalog.current_setting('default_transaction_read_only') = 'off'
                THEN 1 ELSE 0 END,
       {{recall_rows}}
