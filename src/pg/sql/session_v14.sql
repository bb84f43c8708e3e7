-- A server whose client has died ends the statement within a second. Not every platform can.
SET client_connection_check_interval = 1000;
SET idle_session_timeout = 0;
