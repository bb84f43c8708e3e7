/* Tables that a first deployment would make, and what the database says of them. */
#ifndef PD_DOMAIN_FIRST_H
#define PD_DOMAIN_FIRST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct pd_first_tables {
    const char **names; /* SCHEMA.TABLE, without quotes */
    size_t count;
    bool *there;  /* out, the caller's array: by name, whether something of it is there */
    bool drizzle; /* whether the next two are asked for */
    /* Out: a table with the columns of Drizzle's that is not the one of the settings; NULL: none.
     */
    const char *resembles_schema;
    const char *resembles_table;
} pd_first_tables;

#endif
