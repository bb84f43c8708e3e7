SELECT 1 OPERATOR(pg_catalog./)
       CASE WHEN pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text
                 OPERATOR(pg_catalog.=) $1::pg_catalog.text THEN 1 ELSE 0 END,
       pg_catalog.sqrt(CASE WHEN pg_catalog.current_setting('transaction_read_only')
                                 OPERATOR(pg_catalog.=) 'off' THEN 0 ELSE -1 END),
       (extract(epoch FROM pg_catalog.clock_timestamp())
        OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8