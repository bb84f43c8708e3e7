-- No tool can write to its table while this transaction takes over what stands there.
LOCK TABLE ONLY {ledger} IN SHARE MODE;
