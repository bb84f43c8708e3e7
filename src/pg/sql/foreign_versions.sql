-- dbmate and diesel: a row is an applied version.
SELECT pg_catalog.left(t.version::pg_catalog.text, 300), NULL::pg_catalog.text, 'applied'
FROM ONLY {ledger} AS t
WHERE t.version IS NOT NULL
ORDER BY t.version
LIMIT $1;
