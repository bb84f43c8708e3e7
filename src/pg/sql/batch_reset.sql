-- Takes back what a migration did to the session, a statement a line. Not DISCARD ALL: it is
-- refused in a transaction. LISTEN waits for COMMIT, and is taken back once, in front of it.
RESET SESSION AUTHORIZATION
RESET ROLE
RESET ALL
DEALLOCATE ALL
CLOSE ALL
DISCARD TEMP
