-- Whether the row of a statement that the transaction wrote is there: of this backend, written by
-- this transaction ($3).
SELECT EXISTS (SELECT FROM predeploy.statements AS s
               WHERE s.backend_pid = $1::integer AND s.backend_start = $2::text::timestamptz
                 AND s.xmin::pg_catalog.text::bigint = $3::bigint & 4294967295);
