DO $reset$
DECLARE
    known pg_catalog.text;
BEGIN
    FOR known IN SELECT p.name FROM pg_catalog.pg_prepared_statements AS p WHERE p.from_sql LOOP
        EXECUTE pg_catalog.format('DEALLOCATE %I', known);
    END LOOP;
END
$reset$