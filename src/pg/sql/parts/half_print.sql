(SELECT pg_catalog.concat_ws(':', pg_catalog.count(*),
            pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat_ws('|', s.migration,
                s.direction, s.number, s.digest, s.state, s.before), 0)))
        FROM predeploy.statements AS s)