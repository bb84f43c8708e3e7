-- A verdict is not worth waiting for, neither for who has locked the row nor for a standby.
SELECT pg_catalog.set_config('lock_timeout', '100', true),
       pg_catalog.set_config('synchronous_commit', 'off', true);
