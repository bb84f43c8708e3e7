SET search_path = pg_catalog;
