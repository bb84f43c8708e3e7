-- The same where other clients have the session before and after: what they have prepared by the
-- protocol stays.
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SET LOCAL client_encoding = 'UTF8';
DO $reset$
DECLARE
    known pg_catalog.text;
BEGIN
    FOR known IN SELECT p.name FROM pg_catalog.pg_prepared_statements AS p WHERE p.from_sql LOOP
        EXECUTE pg_catalog.format('DEALLOCATE %I', known);
    END LOOP;
END
$reset$;
CLOSE ALL;
UNLISTEN *;
DISCARD TEMP;
SELECT pg_catalog.pg_advisory_unlock_all();
