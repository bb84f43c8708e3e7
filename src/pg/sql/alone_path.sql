-- Asked in the migration's own session: the schemas in which it finds what it names.
SELECT pg_catalog.current_schemas(true);
