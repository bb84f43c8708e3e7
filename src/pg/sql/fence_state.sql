-- The rows as they were read for the plan.
SELECT {{migrations_digest}};
