SELECT pg_catalog.pg_xact_status($1::text::pg_catalog.xid8);
