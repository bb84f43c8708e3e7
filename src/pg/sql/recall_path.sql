-- Unless it is named, pg_temp comes first.
SET LOCAL search_path = pg_catalog, pg_temp;
