-- Behind each migration, and the rest of the reset of its session. Fails, and takes the transaction
-- with it, where that is not the one that was begun (22012), or takes no writes any more (2201F).
SELECT 1 OPERATOR(pg_catalog./)
       CASE WHEN pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text
                 OPERATOR(pg_catalog.=) $1::pg_catalog.text THEN 1 ELSE 0 END,
       pg_catalog.sqrt(CASE WHEN pg_catalog.current_setting('transaction_read_only')
                                 OPERATOR(pg_catalog.=) 'off' THEN 0 ELSE -1 END),
       {{batch_settings}};
