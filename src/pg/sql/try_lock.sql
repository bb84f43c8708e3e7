-- The keys spell "pred" and "ploy". An advisory lock belongs to one database.
SELECT pg_catalog.pg_try_advisory_lock(1886545252, 1886154617);
