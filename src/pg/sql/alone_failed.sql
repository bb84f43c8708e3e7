-- Without `before` nothing is in doubt: it left what it found.
UPDATE predeploy.statements
SET error = $4::pg_catalog.text,
    before = CASE WHEN $5::pg_catalog.bool THEN before END
WHERE migration = $1::pg_catalog.text AND direction = $2::pg_catalog.text
  AND number = $3::pg_catalog.int4 AND state = 'running';
