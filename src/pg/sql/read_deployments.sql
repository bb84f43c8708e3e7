SELECT d.id, d.kind, d.commit, d.ref, d.actor, d.tool_version,
       pg_catalog.to_char(pg_catalog.timezone('UTC', d.started_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       pg_catalog.to_char(pg_catalog.timezone('UTC', d.finished_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       d.outcome, d.detail, d.backup_reference, d.tables_before, d.tables_after, n.name
FROM (SELECT * FROM predeploy.deployments ORDER BY seq DESC LIMIT $1) AS d
LEFT JOIN LATERAL pg_catalog.unnest(d.migrations) WITH ORDINALITY AS n (name, at) ON true
ORDER BY d.seq DESC, n.at;
