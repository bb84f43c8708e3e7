/* The statements of one SQL text, as sql/ reads them from the parse tree. */
#ifndef PD_DOMAIN_SCRIPT_H
#define PD_DOMAIN_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum pd_trait {
    PD_TRAIT_NO_TRANSACTION = 1 << 0,      /* cannot run inside a transaction block (25001) */
    PD_TRAIT_TRANSACTION_CONTROL = 1 << 1, /* BEGIN, COMMIT, ROLLBACK, PREPARE TRANSACTION, …;
                                              SAVEPOINT and its kin are not */
    PD_TRAIT_COPY_STDIN = 1 << 2,          /* COPY … FROM STDIN or TO STDOUT */
    PD_TRAIT_TABLES_UNKNOWN = 1 << 3,      /* what it does to the number of tables cannot be told */
} pd_trait;

typedef struct pd_statement {
    size_t offset; /* byte of its first token in the text; comments in front are skipped */
    size_t len;    /* bytes, without the semicolon */
    int line;      /* 1-based, of offset */
    int column;    /* 1-based, in characters */
    unsigned traits;
    const char *verb;   /* "CREATE TABLE", "INSERT", … */
    const char *object; /* main object as written out ("public.orders"), "" when there is none */
    int tables_delta;   /* tables it adds to (or takes from) table_schema; see pd_sql_input */
} pd_statement;

typedef enum pd_script_state {
    PD_SCRIPT_OK,
    PD_SCRIPT_SYNTAX,    /* error_offset and error say where and what */
    PD_SCRIPT_PSQL,      /* a backslash command at error_offset, error is the command's name */
    PD_SCRIPT_TOO_DEEP,  /* the parser died or ran out of time, or the server would read the text
                            differently: nothing is known of it, error says why */
    PD_SCRIPT_COPY_DATA, /* data of the COPY … FROM STDIN at error_offset stand in the text */
} pd_script_state;

typedef struct pd_script {
    pd_script_state state;
    pd_statement *statements; /* all of them when OK, none otherwise */
    size_t count;
    size_t capacity;
    size_t error_offset;
    const char *error;
} pd_script;

#endif
