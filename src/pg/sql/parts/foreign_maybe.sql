-- Whether the table c in the schema n may be another migration tool's: in the schema $1, in public, or
-- in one of the role's own search_path (which a session of ours does not have), by the names that
-- tools give theirs ($2) or by columns that hardly any other table has; or the one that somebody
-- named (SCHEMA.TABLE, $3). Nothing is when $2 is NULL.
($2::pg_catalog.text[] IS NOT NULL
 AND (n.nspname || '.' || c.relname = $3::pg_catalog.text
      OR ((n.nspname IN ($1::pg_catalog.text, 'public')
           OR (n.oid >= 16384 AND n.nspname <> 'predeploy' AND n.nspname IN (
               SELECT CASE WHEN w.word IN ('$user', '"$user"') THEN SESSION_USER::pg_catalog.text
                           WHEN pg_catalog.starts_with(w.word, '"')
                               THEN pg_catalog.replace(pg_catalog.btrim(w.word, '"'), '""', '"')
                           ELSE pg_catalog.lower(w.word)
                      END
               FROM pg_catalog.pg_settings AS s,
                    pg_catalog.regexp_split_to_table(s.reset_val, '\s*,\s*') AS w (word)
               WHERE s.name = 'search_path')))
          AND (c.relname = ANY ($2::pg_catalog.text[])
               OR (c.relkind = 'r' AND NOT c.relispartition AND c.relnatts IN (2, 4, 8, 10, 11)
                   AND (c.oid, c.relnatts::pg_catalog.int4) IN (
                       SELECT x.attrelid, k.count
                       FROM (VALUES ('dirty', 2), ('run_on', 2), ('is_applied', 4),
                                    ('rolled_back_at', 8), ('installed_rank', 10),
                                    ('installed_rank', 11)) AS k (name, count)
                       JOIN pg_catalog.pg_attribute AS x ON x.attname = k.name::pg_catalog.name))))))
