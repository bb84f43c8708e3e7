DELETE FROM predeploy.statements
WHERE migration = $1::pg_catalog.text AND direction = $2::pg_catalog.text
RETURNING number, state;
