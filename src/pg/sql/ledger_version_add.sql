INSERT INTO predeploy.schema_migrations (name, hash, tool_version) VALUES ($1, $2, $3);
