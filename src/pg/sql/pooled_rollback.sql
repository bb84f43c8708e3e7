-- Locks of a session outlive the ROLLBACK, and so do prepared statements: they go before another
-- client gets it.
ROLLBACK AND CHAIN;
DO $reset$
DECLARE
    known pg_catalog.text;
BEGIN
    FOR known IN SELECT p.name FROM pg_catalog.pg_prepared_statements AS p WHERE p.from_sql LOOP
        EXECUTE pg_catalog.format('DEALLOCATE %I', known);
    END LOOP;
END
$reset$;
SELECT pg_catalog.pg_advisory_unlock_all();
COMMIT;
