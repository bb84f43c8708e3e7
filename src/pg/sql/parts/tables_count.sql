-- Ordinary and partitioned tables; a partition is part of its table, an extension's are its own.
SELECT pg_catalog.count(*)
FROM pg_catalog.pg_class AS c
WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1)
  AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.oid NOT IN (SELECT d.objid FROM pg_catalog.pg_depend AS d
                    WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                      AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                      AND d.deptype = 'e')
