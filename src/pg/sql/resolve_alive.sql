-- Whether the backend that had the transaction is still there. It is gone only when its transaction
-- has ended.
SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a
               WHERE a.pid = $1::integer AND extract(epoch FROM a.backend_start)::text = $2::text);
