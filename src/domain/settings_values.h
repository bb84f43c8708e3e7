/* The values that settings can have: words, counts, durations, paths, names; from text. */
#ifndef PD_DOMAIN_SETTINGS_VALUES_H
#define PD_DOMAIN_SETTINGS_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

typedef enum pd_value_type {
    PD_VALUE_TEXT,       /* const char *, not empty */
    PD_VALUE_IDENTIFIER, /* const char *, 1 to 63 bytes: PostgreSQL cuts longer ones silently */
    PD_VALUE_PATH,       /* const char *, a folder of the tree, normalised; "" is the root */
    PD_VALUE_MIGRATION,  /* const char *, a migration's name; an ending .sql is dropped */
    PD_VALUE_PATTERN,    /* const char *, a path with {name}, {version}, {title}, ends in .sql */
    PD_VALUE_WORD,       /* an enum (int), one of `words` */
    PD_VALUE_COUNT,      /* int64_t in [min, max] */
    PD_VALUE_DURATION,   /* int64_t, milliseconds in [min, max] */
    PD_VALUE_BOOL,       /* bool, as git reads it */
} pd_value_type;

typedef struct pd_value_word {
    const char *word; /* NULL ends the list */
    int value;
} pd_value_word;

extern const pd_value_word pd_layout_words[];      /* the one list of the layouts' names */
extern const pd_value_word pd_transaction_words[]; /* of [deploy] transaction */

typedef struct pd_value_spec {
    pd_value_type type;
    const pd_value_word *words;
    int64_t min;
    int64_t max;
} pd_value_spec;

/* Reads `value` (NULL: a bare key) into the field at `field`, whose type the spec tells. On
 * failure nothing is stored, err is PD_ERROR_USAGE with `label` ("FILE:4: deploy.retries") in
 * front and a hint that says what is allowed. */
bool pd_value_read(const pd_value_spec *spec, const char *label, const char *value, pd_arena *arena,
                   void *field, pd_error *err) PD_CHECKED;

#endif
