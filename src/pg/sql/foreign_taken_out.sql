-- Names that rollbacks took out: what another tool's table says about them is older than that.
SELECT DISTINCT n.name
FROM predeploy.deployments AS d, pg_catalog.unnest(d.migrations) AS n (name)
WHERE d.kind = 'rollback'
ORDER BY n.name
LIMIT $1;
