SELECT v.name, v.hash FROM predeploy.schema_migrations AS v ORDER BY v.name;
