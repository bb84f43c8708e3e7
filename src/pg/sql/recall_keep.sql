-- $3: what the verdict begins with; one that is there already is left alone.
UPDATE predeploy.deployments AS d
SET verdict = $2::text
WHERE d.id = $1::uuid AND d.outcome = 'succeeded'
  AND pg_catalog.left(coalesce(d.verdict, ''), pg_catalog.length($3::text)) <> $3::text;
