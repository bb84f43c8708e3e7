-- What a connection of predeploy differs in from any other. Words in braces are whole numbers of milliseconds.
SET lock_timeout = {lock_timeout};
SET statement_timeout = {statement_timeout};
SET idle_in_transaction_session_timeout = {idle_timeout};
