-- of predeploy.migrations, all of it; no setting changes the bytes
(SELECT pg_catalog.encode(pg_catalog.sha256(coalesce(
            pg_catalog.string_agg(pg_catalog.record_send(ROW(
                m.seq, m.name, m.hash, m.tokens, m.down_sql, m.down_hash, m.adopted, m.drizzle_id,
                m.drizzle_created_at, m.deployment, m.applied_at, m.duration_ms)),
                ''::bytea ORDER BY m.seq),
            ''::bytea)), 'hex')
 FROM predeploy.migrations AS m)
