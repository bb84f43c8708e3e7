-- Whether the schema is there, the table in it, and a column name in that.
SELECT n.oid IS NOT NULL, c.oid IS NOT NULL, a.attname IS NOT NULL
FROM (SELECT) AS one
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = $1
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = $2
LEFT JOIN pg_catalog.pg_attribute AS a
     ON a.attrelid = c.oid AND a.attname = 'name' AND a.attnum > 0 AND NOT a.attisdropped;
