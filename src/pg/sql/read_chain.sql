-- The newest deployments, each with the hash that it has and the hash that it should have.
SELECT n.seq, n.id, n.previous, n.state, n.hash, {{deployment_hash}}
FROM predeploy.deployments AS n
ORDER BY n.seq DESC
LIMIT $1;
