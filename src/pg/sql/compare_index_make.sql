-- {twin}: a table in pg_temp, empty and like {table}; {definition}: makes the index on it.
BEGIN;
CREATE TEMPORARY TABLE {twin} (LIKE {table}) ON COMMIT DROP;
{definition};
SET LOCAL search_path = pg_catalog;
