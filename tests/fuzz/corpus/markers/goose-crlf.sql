--+GOOSE up
A;
-- +goose NO TRANSACTION
-- +goose ENVSUB ON
${B}
-- +goose down
