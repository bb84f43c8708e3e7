DELETE FROM predeploy.seal WHERE batch OPERATOR(pg_catalog.=) $1;
