-- Whether what the last batch wrote is there: $1 is the deployment, $2 what ran, $3 what was adopted.
-- Not pg_xact_status: after a crash of the server the same number is given out again.
SELECT EXISTS (SELECT FROM predeploy.deployments AS d
               WHERE d.id = $1::uuid AND d.migrations @> $2::text[])
       AND (SELECT pg_catalog.count(*) FROM predeploy.migrations AS m
            WHERE m.deployment = $1::uuid AND m.name = ANY ($3::text[]))
           = pg_catalog.cardinality($3::text[]);
