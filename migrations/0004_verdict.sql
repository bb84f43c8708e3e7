-- What a run that found nothing to do need not find out again.
ALTER TABLE predeploy.deployments ADD COLUMN verdict text;
COMMENT ON COLUMN predeploy.deployments.verdict IS 'Digest of all that the last verdict on this commit depended on, when nothing was to be done and nothing was found; when it was given, and on which migrations.';
