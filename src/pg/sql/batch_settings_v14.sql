,
       pg_catalog.set_config('client_connection_check_interval', '1000', {local}),
       pg_catalog.set_config('idle_session_timeout', '0', {local})