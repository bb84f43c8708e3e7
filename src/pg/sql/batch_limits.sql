-- Behind a statement of a migration that took the limits back: those that are not its own are set
-- again. The path may be anybody's: every name is qualified.
SELECT pg_catalog.set_config(s.name, v.value, {local})
FROM (VALUES ('lock_timeout', '{lock_timeout}'),
             ('statement_timeout', '{statement_timeout}'),
             ('idle_in_transaction_session_timeout', '{idle_timeout}'),
             ('tcp_keepalives_idle', '10'),
             ('tcp_keepalives_interval', '5'),
             ('tcp_keepalives_count', '4'),
             ('tcp_user_timeout', '30000'),
             ('client_connection_check_interval', '1000'),
             ('idle_session_timeout', '0')) AS v (name, value),
     pg_catalog.pg_settings AS s
WHERE s.name OPERATOR(pg_catalog.=) v.name
  AND s.source OPERATOR(pg_catalog.<>) 'session'
  -- Not every platform can.
  AND (v.name OPERATOR(pg_catalog.<>) 'client_connection_check_interval' OR {checks});
