-- $1 an index; $2 a table with only one index: whether these are the same but for their tables.
WITH both_of_them (oid) AS (
    VALUES ($1::pg_catalog.regclass::pg_catalog.oid),
           ((SELECT x.indexrelid FROM pg_catalog.pg_index AS x
             WHERE x.indrelid = $2::pg_catalog.regclass))
)
SELECT pg_catalog.count(*) = 2
       AND pg_catalog.count(DISTINCT ROW(
               x.indisunique, c.relam, x.indnatts, x.indnkeyatts, x.indoption::pg_catalog.text,
               x.indclass::pg_catalog.text, x.indcollation::pg_catalog.text,
               pg_catalog.pg_get_expr(x.indpred, x.indrelid),
               ARRAY(SELECT pg_catalog.pg_get_indexdef(x.indexrelid, k.i, true)
                            || coalesce(' ' || a.attoptions::pg_catalog.text, '')
                     FROM pg_catalog.generate_series(1, x.indnatts::pg_catalog.int4) AS k (i)
                     JOIN pg_catalog.pg_attribute AS a
                       ON a.attrelid = x.indexrelid AND a.attnum = k.i
                     ORDER BY k.i))::pg_catalog.text) = 1
FROM both_of_them AS b
JOIN pg_catalog.pg_index AS x ON x.indexrelid = b.oid
JOIN pg_catalog.pg_class AS c ON c.oid = b.oid;
