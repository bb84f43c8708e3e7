-- $15: the chain begins anew, because what stands in the ledger was looked at and accepted.
-- $16: digest of predeploy.migrations as it was read and judged; NULL: as it stands now.
INSERT INTO predeploy.deployments
    (id, seq, kind, commit, ref, actor, tool_version, started_at, finished_at, outcome, detail,
     backup_reference, tables_before, tables_after, migrations, previous, state, hash)
OVERRIDING SYSTEM VALUE
SELECT n.*, {{deployment_hash}}
FROM (SELECT $1::uuid AS id,
             pg_catalog.nextval(pg_catalog.pg_get_serial_sequence(
                 'predeploy.deployments', 'seq')::pg_catalog.regclass) AS seq,
             $2::text AS kind, $3::text AS commit, $4::text AS ref, $5::text AS actor,
             $6::text AS tool_version,
             coalesce($7::timestamptz, pg_catalog.clock_timestamp()) AS started_at,
             CASE WHEN $9::text <> 'running'
                  THEN coalesce($8::timestamptz, pg_catalog.clock_timestamp()) END AS finished_at,
             $9::text AS outcome, $10::text AS detail, $11::text AS backup_reference,
             $12::bigint AS tables_before, $13::bigint AS tables_after, $14::text[] AS migrations,
             CASE WHEN NOT $15::boolean THEN coalesce(
                 (SELECT {{deployment_hash}}
                  FROM predeploy.deployments AS n ORDER BY n.seq DESC LIMIT 1),
                 pg_catalog.encode(pg_catalog.sha256(''::bytea), 'hex')) END AS previous,
             coalesce($16::text, {{migrations_digest}}) AS state) AS n;
