-- The same lock as that of a session (try_lock.sql), held until the transaction ends.
BEGIN;
SET LOCAL idle_in_transaction_session_timeout = 0;
SELECT pg_catalog.pg_try_advisory_xact_lock(1886545252, 1886154617);
