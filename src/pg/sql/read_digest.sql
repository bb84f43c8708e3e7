SELECT {{migrations_digest}};
