SELECT d.id, d.kind, d.commit, d.ref, d.actor, d.tool_version,
       CASE WHEN pg_catalog.isfinite(d.started_at)
            THEN pg_catalog.floor(extract(epoch FROM d.started_at))::bigint END,
       CASE WHEN pg_catalog.isfinite(d.finished_at)
            THEN pg_catalog.floor(extract(epoch FROM d.finished_at))::bigint END,
       d.outcome, d.detail, d.backup_reference, d.tables_before, d.tables_after,
       pg_catalog.cardinality(d.migrations),
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
FROM predeploy.deployments AS d
ORDER BY d.seq DESC
LIMIT $1;
