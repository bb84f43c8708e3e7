-- Fails (22012) where reading a ledger could run somebody's code or, when $3 is true, where others may
-- change it, which is no fault of Drizzle's: nothing behind it in its pipeline runs then.
SELECT i.part, i.code, i.trust, i.columns,
       1 / CASE WHEN i.code IS NULL AND (i.trust IS NULL OR NOT $3::boolean OR
                                         i.part IN ('drizzle_schema', 'drizzle')) THEN 1 ELSE 0 END
FROM (
{inspect}
) AS i;
