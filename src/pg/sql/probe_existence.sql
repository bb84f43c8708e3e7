-- $1 what: database, tablespace or subscription; $2 its name.
SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_database AS d
                         WHERE $1::pg_catalog.text = 'database'
                           AND d.datname = $2::pg_catalog.name)
              OR EXISTS (SELECT FROM pg_catalog.pg_tablespace AS t
                         WHERE $1::pg_catalog.text = 'tablespace'
                           AND t.spcname = $2::pg_catalog.name)
              OR EXISTS (SELECT FROM pg_catalog.pg_subscription AS s
                         JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
                         WHERE $1::pg_catalog.text = 'subscription'
                           AND s.subname = $2::pg_catalog.name
                           AND d.datname = pg_catalog.current_database())
            THEN 'present' ELSE 'absent' END,
       pg_catalog.quote_ident($2::pg_catalog.text);
