DELETE FROM predeploy.migrations WHERE seq = $1 AND name = $2;
