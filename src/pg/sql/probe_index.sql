-- $1 search path; $2, $3 schema and name of the index; $4, $5 of its table, when it is to be made;
-- $6 the index's qualified name, when it is known from before.
WITH path (nspname, place) AS (
    SELECT p.nspname, p.place
    FROM pg_catalog.unnest($1::pg_catalog.name[]) WITH ORDINALITY AS p (nspname, place)
), parent (oid, relnamespace, nspname) AS (
    SELECT c.oid, c.relnamespace, n.nspname
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN path AS p ON p.nspname = n.nspname
    WHERE c.relname = $5::pg_catalog.name
      AND CASE WHEN $4::pg_catalog.text IS NULL THEN p.place IS NOT NULL
               ELSE n.nspname = $4::pg_catalog.name END
    ORDER BY p.place
    LIMIT 1
), found (oid, nspname) AS (
    SELECT c.oid, n.nspname
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN path AS p ON p.nspname = n.nspname
    WHERE CASE WHEN $6::pg_catalog.text IS NOT NULL
                   THEN pg_catalog.parse_ident($6::pg_catalog.text)
                        = ARRAY[n.nspname::pg_catalog.text, c.relname::pg_catalog.text]
               WHEN c.relname <> $3::pg_catalog.name THEN false
               WHEN $5::pg_catalog.text IS NOT NULL
                   THEN c.relnamespace = (SELECT r.relnamespace FROM parent AS r)
               WHEN $2::pg_catalog.text IS NOT NULL THEN n.nspname = $2::pg_catalog.name
               ELSE p.place IS NOT NULL END
    ORDER BY p.place
    LIMIT 1
)
SELECT CASE WHEN f.oid IS NULL THEN 'absent'
            WHEN x.indexrelid IS NULL THEN 'other'
            WHEN x.indisvalid AND x.indisready AND x.indislive THEN 'valid'
            WHEN EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS w
                         WHERE w.index_relid = f.oid) THEN 'building'
            ELSE 'invalid' END,
       CASE WHEN f.oid IS NULL AND $6::pg_catalog.text IS NOT NULL THEN $6::pg_catalog.text
            ELSE pg_catalog.quote_ident(coalesce(f.nspname, (SELECT r.nspname FROM parent AS r),
                                                 $2::pg_catalog.name)::pg_catalog.text)
                 || '.' || pg_catalog.quote_ident(coalesce(c.relname,
                                                           $3::pg_catalog.name)::pg_catalog.text)
            END,
       coalesce(x.indrelid = (SELECT r.oid FROM parent AS r), false),
       CASE WHEN x.indisunique THEN E'unique\n' ELSE '' END
       -- no server in front of PostgreSQL 15 has it
       || CASE WHEN pg_catalog.jsonb_extract_path_text(pg_catalog.to_jsonb(x.*),
                                                       'indnullsnotdistinct') = 'true'
               THEN E'nulls not distinct\n' ELSE '' END
       || 'using ' || m.amname::pg_catalog.text || E'\n'
       || (SELECT pg_catalog.string_agg(
                      CASE WHEN k.i >= x.indnkeyatts THEN 'include'
                           WHEN a.attname IS NULL THEN 'expression'
                           ELSE 'column' END
                      || coalesce(' ' || pg_catalog.octet_length(pg_catalog.convert_to(
                                             a.attname::pg_catalog.text, 'UTF8'))
                                  || ':' || a.attname::pg_catalog.text, '')
                      || CASE WHEN k.i >= x.indnkeyatts THEN ''
                              ELSE ' ' || (x.indoption[k.i] & 3) END || E'\n',
                      '' ORDER BY k.i)
           FROM pg_catalog.generate_series(0, x.indnatts - 1) AS k (i)
           LEFT JOIN pg_catalog.pg_attribute AS a
                  ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k.i] AND x.indkey[k.i] <> 0)
       || CASE WHEN x.indpred IS NULL THEN '' ELSE E'where\n' END,
       pg_catalog.quote_ident(tn.nspname::pg_catalog.text) || '.'
       || pg_catalog.quote_ident(t.relname::pg_catalog.text),
       'pg_temp.' || pg_catalog.quote_ident(t.relname::pg_catalog.text)
FROM (VALUES (1)) AS always (one)
LEFT JOIN found AS f ON true
LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = f.oid
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = f.oid
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = x.indrelid
LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_am AS m ON m.oid = c.relam;
