-- What a connection of predeploy differs in from any other, and what the server says of itself.
-- Until it is pinned the path is the role's own: every name is qualified. {local} is true when the
-- process that answers is not the one that answered at the door: a pooler stands between, and what
-- is set ends with this statement.
SELECT pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('default_transaction_read_only') OPERATOR(pg_catalog.=) 'on',
       pg_catalog.pg_backend_pid(),
       pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', {local}),
       pg_catalog.set_config('lock_timeout', '{lock_timeout}', {local}),
       pg_catalog.set_config('statement_timeout', '{statement_timeout}', {local}),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '{idle_timeout}', {local}),
       pg_catalog.set_config('default_transaction_read_only', {read_only}, {local}),
       -- A client whose machine has gone keeps the deployment lock no longer than that.
       pg_catalog.set_config('tcp_keepalives_idle', '10', {local}),
       pg_catalog.set_config('tcp_keepalives_interval', '5', {local}),
       pg_catalog.set_config('tcp_keepalives_count', '4', {local}),
       pg_catalog.set_config('tcp_user_timeout', '30000', {local})
