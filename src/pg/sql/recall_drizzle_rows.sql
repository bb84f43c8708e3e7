UNION ALL
SELECT t.xmin, 0 FROM {ledger} AS t
