-- Unless it is named, pg_temp comes first, and so would a temporary table called "text".
SET search_path = pg_catalog, pg_temp;
