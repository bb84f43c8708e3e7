-- Digest of Drizzle's table, all of it; no setting changes the bytes.
SELECT pg_catalog.encode(pg_catalog.sha256(coalesce(
           pg_catalog.string_agg(pg_catalog.record_send(t), ''::bytea ORDER BY t.id), ''::bytea)),
           'hex')
FROM {ledger} AS t;
