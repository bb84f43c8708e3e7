/* JSON by jansson; the only file that includes it. Objects keep the order of insertion.
 *
 * Handles are declared `PD_AUTO_JSON root = NULL;`. Values made by this program never fail to be
 * made: out of memory aborts.
 */
#ifndef PD_BASE_JSON_H
#define PD_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/strbuf.h"

typedef struct pd_json_error {
    int line;   /* 1-based */
    int column; /* 1-based, in characters */
    char message[256];
} pd_json_error;

/* Parses untrusted JSON: duplicate keys are refused, depth is bounded by jansson (2048), a BOM
 * and trailing bytes are errors. NULL on failure with err filled. The caller owns the value. */
json_t *pd_json_parse(const char *data, size_t len, pd_json_error *err) PD_CHECKED;

/* Appends to out; indented by two spaces, with no trailing line feed. What a terminal or a CI
 * runner would act upon (base/printable.h) is written as \uNNNN. Strings that are not UTF-8 must
 * not be put into a value: use pd_json_text. */
void pd_json_write(pd_strbuf *out, const json_t *value, bool indent);

json_t *pd_json_text(const char *text); /* invalid bytes become U+FFFD; NULL becomes null */

void pd_json_cleanup(json_t **value);
#define PD_AUTO_JSON PD_CLEANUP(pd_json_cleanup) json_t *

#endif
