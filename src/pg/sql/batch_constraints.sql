-- Deferred constraints are checked here, where they may take their time, and not in COMMIT.
SET CONSTRAINTS ALL IMMEDIATE;
