-- The first statement of the transaction: the snapshot is taken after it, so that what is looked at
-- is what is read.
LOCK TABLE {tables} IN ACCESS SHARE MODE;
