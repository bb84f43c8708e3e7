-- What every transaction begins with where the session is not ours alone; a line each. {v14} and
-- {read_only} make comments of what is not wanted.
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL lock_timeout = {lock_timeout};
SET LOCAL statement_timeout = {statement_timeout};
SET LOCAL idle_in_transaction_session_timeout = {idle_timeout};
{v14}SET LOCAL client_connection_check_interval = 1000;
{read_only}SET LOCAL transaction_read_only = on;
