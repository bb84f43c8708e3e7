-- A fingerprint of the ledger: equal before and after a migration, or the migration touched it.
SELECT pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text,
       {{half_print}},
       (SELECT pg_catalog.concat_ws(':', pg_catalog.count(*),
            pg_catalog.sum(pg_catalog.hashtextextended(m.name, m.seq)),
            pg_catalog.sum(pg_catalog.hashtextextended(m.hash, m.seq)),
            pg_catalog.sum(pg_catalog.hashtextextended(m.down_hash, m.seq)),
            pg_catalog.sum(pg_catalog.hashtextextended(m.down_sql, m.seq)),
            pg_catalog.sum(pg_catalog.hashtextextended(m.drizzle_id::pg_catalog.text, m.seq)),
            pg_catalog.sum(pg_catalog.hashtextextended(
                m.drizzle_created_at::pg_catalog.text, m.seq)))
        FROM predeploy.migrations AS m);
