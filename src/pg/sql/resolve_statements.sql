-- Whether the row of a statement that the transaction wrote is there: of this backend, written by
-- this transaction ($3), or by one that began within it, behind a savepoint.
SELECT EXISTS (SELECT FROM predeploy.statements AS s
               WHERE s.backend_pid = $1::integer AND extract(epoch FROM s.backend_start)::text = $2::text
                 AND (s.xmin::pg_catalog.text::bigint - $3::bigint) & 4294967295 < 2147483648);
