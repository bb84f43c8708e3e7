-- marks of the rows of the ledgers, as recall_marks.sql has them of the catalogs; the newest
       -- deployment, d, is not among them: a verdict is yet to be written into it
       r.marks, r.migrations
FROM (SELECT n.id, n.verdict, n.xmin AS xid, n.commit, n.kind, n.outcome
      FROM predeploy.deployments AS n
      ORDER BY n.seq DESC
      LIMIT 1) AS d,
     LATERAL (SELECT pg_catalog.concat_ws(',', pg_catalog.count(*),
                         pg_catalog.sum(pg_catalog.hashint8extended(w.writer::text::int8, 0)))
                         AS marks,
                     pg_catalog.sum(w.migration) AS migrations
              FROM (SELECT m.xmin AS writer, 1 AS migration FROM predeploy.migrations AS m
                    UNION ALL
                    SELECT o.xmin, 0 FROM predeploy.deployments AS o WHERE o.id <> d.id
                    UNION ALL
                    SELECT s.xmin, 0 FROM predeploy.statements AS s
                    UNION ALL
                    SELECT v.xmin, 0 FROM predeploy.schema_migrations AS v
                    {drizzle}) AS w) AS r;
