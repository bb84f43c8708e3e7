-- The digest, and whether a row was ever written: a TRUNCATE leaves the sequence where it was.
SELECT {{migrations_digest}},
       (SELECT CASE WHEN pg_catalog.has_sequence_privilege(s.seq, 'SELECT, USAGE')
                    THEN pg_catalog.pg_sequence_last_value(s.seq) IS NOT NULL END
        FROM (SELECT pg_catalog.pg_get_serial_sequence('predeploy.migrations', 'seq')
                         ::pg_catalog.regclass AS seq) AS s);
