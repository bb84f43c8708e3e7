-- Whether the schema is there, the table in it, and a column name in that.
SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1),
       EXISTS (SELECT FROM pg_catalog.pg_class AS c
               JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
               WHERE n.nspname = $1 AND c.relname = $2),
       EXISTS (SELECT FROM pg_catalog.pg_class AS c
               JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
               WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = 'name'
                 AND a.attnum > 0 AND NOT a.attisdropped);
