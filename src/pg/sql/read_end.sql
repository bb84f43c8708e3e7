-- The role's own search_path says where an unqualified CREATE TABLE goes; ROLLBACK pins it again.
RESET search_path;
SELECT pg_catalog.current_schema();
ROLLBACK;
