-- A fingerprint of the ledger: equal before and after a migration, or the migration touched it.
SELECT pg_catalog.pg_current_xact_id_if_assigned()::text,
       (SELECT pg_catalog.concat_ws(':', pg_catalog.count(*),
            pg_catalog.sum(pg_catalog.hashtextextended(m.name, m.seq)),
            pg_catalog.sum(pg_catalog.hashtextextended(m.hash, m.seq)),
            pg_catalog.sum(pg_catalog.hashtextextended(m.down_hash, m.seq)),
            pg_catalog.sum(pg_catalog.octet_length(m.down_sql)))
        FROM predeploy.migrations AS m);
