-- Unless it is named, pg_temp comes first, and so would a temporary table called "text".
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', {local});
