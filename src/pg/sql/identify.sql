SELECT pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('default_transaction_read_only') = 'on';
