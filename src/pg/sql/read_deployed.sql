-- The names of those deployments, one behind the other.
SELECT n.name
FROM (SELECT d.seq, d.migrations FROM predeploy.deployments AS d ORDER BY d.seq DESC LIMIT $1) AS d,
     pg_catalog.unnest(d.migrations) WITH ORDINALITY AS n (name, at)
ORDER BY d.seq DESC, n.at;
