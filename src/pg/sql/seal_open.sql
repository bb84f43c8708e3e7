-- A row that breaks its own deferred foreign key: while it stands no COMMIT can succeed.
INSERT INTO predeploy.seal (batch, sealed_by) VALUES ($1, 'open');
