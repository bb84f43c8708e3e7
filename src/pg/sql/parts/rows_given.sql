-- an array a column, in the order in which they go in; ago: for how long it is in, in milliseconds
SELECT s.*
     FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]),
                     pg_catalog.unnest($4::text[]), pg_catalog.unnest($5::text[]),
                     pg_catalog.unnest($6::text[]), pg_catalog.unnest($7::boolean[]),
                     pg_catalog.unnest($8::bigint[]), pg_catalog.unnest($9::bigint[]),
                     pg_catalog.unnest($10::bigint[]), pg_catalog.unnest($11::bigint[]),
                     pg_catalog.unnest($12::boolean[]), pg_catalog.unnest($13::text[]))
          WITH ORDINALITY
          AS s (name, hash, tokens, down_sql, down_hash, adopted, drizzle_id, created_at, ms, ago,
                writes, drizzle_name, place)