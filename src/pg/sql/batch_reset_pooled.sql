-- The same where other clients have the session before and after: what they have prepared by the
-- protocol stays.
RESET SESSION AUTHORIZATION
RESET ROLE
RESET ALL
SET LOCAL client_encoding = 'UTF8'
{{deallocate-line}}
CLOSE ALL
DISCARD TEMP
