-- +goose Up
A;
-- +goose StatementBegin
B;
-- +goose StatementEnd
-- +goose Down
C;
