/* What another migration tool's own table says was applied, as it was read (docs/adopting.md). */
#ifndef PD_DOMAIN_FOREIGN_H
#define PD_DOMAIN_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/settings.h"

typedef enum pd_foreign_state {
    PD_FOREIGN_APPLIED,
    PD_FOREIGN_UP_TO,      /* this version and all below it are applied */
    PD_FOREIGN_BASELINE,   /* the same, without a migration of that version */
    PD_FOREIGN_UNFINISHED, /* begun, and failed or never ended */
    PD_FOREIGN_REVERTED,   /* taken out again: it says nothing is there */
} pd_foreign_state;

typedef struct pd_foreign_row {
    const char *version;  /* as the table has it; prisma: the migration's name */
    const char *checksum; /* lower-case hexadecimal digits, flyway: a number; NULL: none */
    const char *script;   /* flyway: what it ran, by a file's name or a class; else NULL */
    bool program;         /* flyway: that was no SQL */
    pd_foreign_state state;
} pd_foreign_row;

typedef struct pd_foreign_ledger {
    pd_layout_kind tool; /* whose table it is; the layouts are named for their tools */
    const char *schema;
    const char *table;
    pd_foreign_row *rows; /* the newest of each version; prisma: all but those rolled back */
    size_t count;
} pd_foreign_ledger;

#define PD_FOREIGN_LEDGERS_MAX 64 /* of all that look like one; the tools' own names come first */

#endif
