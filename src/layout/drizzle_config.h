/* What a drizzle.config.ts says about the table of Drizzle's migrators, as far as that can be told
 * without running it. */
#ifndef PD_LAYOUT_DRIZZLE_CONFIG_H
#define PD_LAYOUT_DRIZZLE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define PD_DRIZZLE_CONFIG_MAX ((size_t)1024 * 1024)

typedef struct pd_drizzle_config {
    bool named;         /* `migrations` is a property of it */
    bool unsure;        /* and what it says is not written out: it is computed, or stands twice */
    const char *schema; /* NULL: not said */
    const char *table;
} pd_drizzle_config;

/* Looks for `migrations: { table: '…', schema: '…' }` in the text of a module or of a JSON file.
 * Comments and strings are passed over; any bytes are read, nothing fails. */
void pd_drizzle_config_read(pd_arena *arena, const char *text, size_t len, pd_drizzle_config *out);

#endif
