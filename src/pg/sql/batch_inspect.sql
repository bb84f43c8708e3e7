-- Fails (22012) where touching a ledger could run somebody's code: nothing behind it is run then.
SELECT i.part, i.code, i.trust, i.columns, 1 / CASE WHEN i.code IS NULL THEN 1 ELSE 0 END
FROM (
{inspect}
) AS i;
