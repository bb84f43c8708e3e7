SELECT d.id, d.kind, d.commit, d.ref, d.actor, d.tool_version,
       pg_catalog.to_char(pg_catalog.timezone('UTC', d.started_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       pg_catalog.to_char(pg_catalog.timezone('UTC', d.finished_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       d.outcome, d.detail, d.backup_reference, d.tables_before, d.tables_after, n.name,
       -- the commit that the database is at: of the newest deployment, or, when something was taken
       -- out since, of the one that brought the newest migration that is left
       coalesce(
           (SELECT l.commit FROM predeploy.deployments AS l
            WHERE l.outcome = 'succeeded' AND l.kind <> 'rollback'
              AND NOT EXISTS (SELECT FROM predeploy.deployments AS r
                              WHERE r.kind = 'rollback' AND r.seq > l.seq
                                AND pg_catalog.cardinality(r.migrations) > 0)
            ORDER BY l.seq DESC LIMIT 1),
           (SELECT l.commit FROM predeploy.migrations AS m
            JOIN predeploy.deployments AS l ON l.id = m.deployment
            ORDER BY m.seq DESC LIMIT 1))
FROM (SELECT * FROM predeploy.deployments ORDER BY seq DESC LIMIT $1) AS d
LEFT JOIN LATERAL pg_catalog.unnest(d.migrations) WITH ORDINALITY AS n (name, at) ON true
ORDER BY d.seq DESC, n.at;
