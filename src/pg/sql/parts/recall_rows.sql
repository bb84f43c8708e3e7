-- marks of the rows of the ledgers, as recall_marks.sql has them of the catalogs; the newest
       -- deployment, d, is not among them: a verdict is yet to be written into it
       pg_catalog.concat_ws(',',
           (SELECT pg_catalog.concat_ws(',', pg_catalog.count(*), pg_catalog.sum(m.xmin::text::int8))
            FROM predeploy.migrations AS m),
           (SELECT pg_catalog.concat_ws(',', pg_catalog.count(*), pg_catalog.sum(o.xmin::text::int8))
            FROM predeploy.deployments AS o
            WHERE o.id <> d.id),
           (SELECT pg_catalog.concat_ws(',', pg_catalog.count(*), pg_catalog.sum(s.xmin::text::int8))
            FROM predeploy.statements AS s),
           (SELECT pg_catalog.concat_ws(',', pg_catalog.count(*), pg_catalog.sum(v.xmin::text::int8))
            FROM predeploy.schema_migrations AS v),
           {drizzle}),
       (SELECT pg_catalog.count(*) FROM predeploy.migrations AS m)
