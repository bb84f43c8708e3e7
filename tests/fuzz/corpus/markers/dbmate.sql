-- x
-- migrate:up transaction:false
A;
-- migrate:down
B;
