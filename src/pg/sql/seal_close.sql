DELETE FROM predeploy.seal WHERE batch = $1;
