-- of the row n of predeploy.deployments, all of it but the hash; no setting changes the bytes
pg_catalog.encode(pg_catalog.sha256(pg_catalog.record_send(ROW(
    n.id, n.seq, n.kind, n.commit, n.ref, n.actor, n.tool_version, n.started_at, n.finished_at,
    n.outcome, n.detail, n.backup_reference, n.tables_before, n.tables_after, n.migrations,
    n.previous, n.state))), 'hex')
