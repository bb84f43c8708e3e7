-- +goose Up
ÿþâ‚
-- +goose Down
Ã¤