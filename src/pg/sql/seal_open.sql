-- A row that breaks its own deferred foreign key: while it stands no COMMIT can succeed.
INSERT INTO predeploy.seal (batch, sealed_by)
VALUES (pg_catalog.pg_current_xact_id()::pg_catalog.text, 'open');
