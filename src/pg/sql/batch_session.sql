-- The session of a batch, and what tells, after the connection has died, which transaction and which
-- backend were ours. The path may still be anybody's: every name is qualified. A time that is written
-- as DateStyle says could be read as another one: so it is seconds. Not the view over that function:
-- it takes ten times as long to plan.
SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text, a.pid,
       extract(epoch FROM a.backend_start)::pg_catalog.text,
       pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', {local}),
       pg_catalog.pg_advisory_unlock_all(),
       {{batch_settings}}
FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) AS a;
