-- +migrate Up
A;
