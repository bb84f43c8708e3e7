pg_catalog.set_config('lock_timeout', '{lock_timeout}', {local}),
       pg_catalog.set_config('statement_timeout', '{statement_timeout}', {local}),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '{idle_timeout}', {local}),
       -- A server that waits for the rest of a pipeline is not idle: this is what ends its wait.
       pg_catalog.set_config('tcp_keepalives_idle', '10', {local}),
       pg_catalog.set_config('tcp_keepalives_interval', '5', {local}),
       pg_catalog.set_config('tcp_keepalives_count', '4', {local}),
       pg_catalog.set_config('tcp_user_timeout', '30000', {local}){v14}