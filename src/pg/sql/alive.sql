-- Whether backend $1 works on something, or has been done with it for less than $2 milliseconds.
-- NULL: it may not be asked about. Without a row it is gone.
SELECT a.state = 'active' OR a.state = 'fastpath function call'
       OR a.state_change > pg_catalog.clock_timestamp() - $2::bigint * interval '1 millisecond'
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = $1::integer;
