-- Locks of a session outlive the ROLLBACK, and so do prepared statements: they go before another
-- client gets it.
ROLLBACK AND CHAIN;
{{deallocate}};
SELECT pg_catalog.pg_advisory_unlock_all();
COMMIT;
