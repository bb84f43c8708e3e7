-- Beside others that only look, not beside a deployment, and held to the end of the transaction. Fails
-- (22012) where it cannot be had: nothing behind it is waited for then. Tells which process answers.
SELECT 1 / CASE WHEN pg_catalog.pg_try_advisory_xact_lock_shared(1886545252, 1886154617)
                THEN 1 ELSE 0 END,
       pg_catalog.pg_backend_pid();
