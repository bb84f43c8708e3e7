-- {local} as in session_setup.sql.
SELECT pg_catalog.set_config('application_name', $1, {local});
