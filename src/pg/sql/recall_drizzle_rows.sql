(SELECT pg_catalog.concat_ws(',', pg_catalog.count(*), pg_catalog.sum(t.xmin::text::int8)) FROM {ledger} AS t)
