-- Takes back what a migration did to the session. Not DISCARD ALL: it is refused in a transaction.
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
DEALLOCATE ALL;
CLOSE ALL;
UNLISTEN *;
DISCARD TEMP;
SELECT pg_catalog.pg_advisory_unlock_all();
