-- The same behind a pooler, whose backends outlive their clients. One that the server does not know
-- is not running.
SELECT pg_catalog.pg_xact_status($1::text::pg_catalog.xid8) = 'in progress';
