/* The statements of one SQL text, as sql/ reads them from the parse tree. */
#ifndef PD_DOMAIN_SCRIPT_H
#define PD_DOMAIN_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

typedef enum pd_trait {
    PD_TRAIT_NO_TRANSACTION = 1 << 0,      /* cannot run inside a transaction block (25001) */
    PD_TRAIT_TRANSACTION_CONTROL = 1 << 1, /* BEGIN, COMMIT, ROLLBACK, PREPARE TRANSACTION, …;
                                              SAVEPOINT and its kin are not */
    PD_TRAIT_COPY_STDIN = 1 << 2,          /* COPY … FROM STDIN or TO STDOUT */
    PD_TRAIT_TABLES_UNKNOWN = 1 << 3,      /* what it does to the number of tables cannot be told */
    PD_TRAIT_PARTS = 1 << 4,   /* COMMIT or BEGIN around statements that run outside a transaction,
                                  or BEGIN and COMMIT around all: it parts the text and is not
                                  sent */
    PD_TRAIT_SESSION = 1 << 5, /* SET, RESET, set_config: it changes settings of the session */
    PD_TRAIT_LEDGER = 1 << 6,  /* it names predeploy's or Drizzle's ledger in order to change it */
    PD_TRAIT_LIMITS_BACK =
        1 << 7, /* RESET ALL, or of a time limit: what predeploy had set is gone */
    PD_TRAIT_LOCK_LIMIT = 1 << 8, /* it sets lock_timeout, to lock_ms */
    PD_TRAIT_LOCAL =
        1 << 9, /* SET LOCAL, SET CONSTRAINTS, set_config: until the transaction ends */
} pd_trait;

/* What is done with a statement that ran outside a transaction when nobody saw how it ended. */
typedef enum pd_outside {
    PD_OUTSIDE_NONE,         /* it can't have run there: a transaction ends as a whole */
    PD_OUTSIDE_REPEAT,       /* to run it again does no harm: VACUUM, ALTER SYSTEM, … */
    PD_OUTSIDE_UNKNOWN,      /* what it left nobody but its author can tell: CALL, DO, … */
    PD_OUTSIDE_CREATE_INDEX, /* this and the next three CONCURRENTLY */
    PD_OUTSIDE_DROP_INDEX,
    PD_OUTSIDE_REINDEX,
    PD_OUTSIDE_DETACH,
    PD_OUTSIDE_CREATE_DATABASE, /* these by whether their object is there */
    PD_OUTSIDE_DROP_DATABASE,
    PD_OUTSIDE_CREATE_TABLESPACE,
    PD_OUTSIDE_DROP_TABLESPACE,
    PD_OUTSIDE_CREATE_SUBSCRIPTION,
    PD_OUTSIDE_DROP_SUBSCRIPTION,
    PD_OUTSIDE_COUNT,
} pd_outside;

/* What such a statement is about. Texts are "" where it does not say. */
typedef struct pd_subject {
    const char *schema;
    const char *name;         /* of the index, partition, database, … */
    const char *table_schema; /* CREATE INDEX: of the table; DETACH: of the partitioned one */
    const char *table;
    const char *shape; /* CREATE INDEX: what it will be, a line a property, as sql/outside.h says */
    /* CREATE INDEX with a name: SQL that makes the same index on pg_temp.TABLE; "" when it can't be
     * told */
    const char *definition;
    bool many;     /* REINDEX: more than one index, of the table or schema `name` */
    bool tolerant; /* IF EXISTS, IF NOT EXISTS */
} pd_subject;

typedef struct pd_statement {
    size_t offset; /* byte of its first token in the text; comments in front are skipped */
    size_t len;    /* bytes, without the semicolon */
    int line;      /* 1-based, of offset */
    int column;    /* 1-based, in characters */
    unsigned traits;
    const char *verb;   /* "CREATE TABLE", "INSERT", … */
    const char *object; /* main object as written out ("public.orders"), "" when there is none */
    const char *table;  /* CREATE INDEX: of the index, as written out; "" elsewhere */
    int tables_delta;   /* tables it adds to (or takes from) table_schema; see pd_sql_input */
    /* PD_OUTSIDE_NONE when it always runs in a transaction. With PD_TRAIT_NO_TRANSACTION it never
     * does, else it depends on whether the migration asks for none. */
    pd_outside outside;
    const pd_subject *subject; /* NULL with PD_OUTSIDE_NONE */
    int64_t lock_ms;           /* with PD_TRAIT_LOCK_LIMIT: milliseconds, 0 for no limit */
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

/* SHA-256 of the statement as it is sent, in lower-case hexadecimal. */
void pd_statement_digest(const char *text, const pd_statement *statement, char out[PD_SHA256_HEX]);

bool pd_script_has(const pd_script *script, unsigned trait); /* any statement of it */

/* Whether the text is one transaction: BEGIN (PD_TRAIT_PARTS) is its first statement, COMMIT its
 * last. */
bool pd_script_is_wrapped(const pd_script *script);

/* Takes these two out of a script that has them: they are not sent. */
void pd_script_unwrap(pd_script *script);

/* Whether it runs outside of transactions in a migration that asks for none (`unbound`), or in any
 * other. */
bool pd_statement_runs_outside(const pd_statement *statement, bool unbound);

/* Whether it waits for old transactions, by design: under lock_timeout it
 * would fail for ever. */
bool pd_statement_waits_by_design(const pd_statement *statement);

#endif
