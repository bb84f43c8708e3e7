-- Behind each migration. Fails, and takes the transaction with it, where that is not the one that was
-- begun (22012), or takes no writes any more (2201F). The third column is when, in milliseconds.
{{batch_guard}};
