/* What may stand in a pattern of [layout]: {name}, {version} and {title}. */
#ifndef PD_DOMAIN_PLACEHOLDER_H
#define PD_DOMAIN_PLACEHOLDER_H

#include <stddef.h>

typedef enum pd_placeholder {
    PD_PLACEHOLDER_NAME,
    PD_PLACEHOLDER_VERSION,
    PD_PLACEHOLDER_TITLE,
    PD_PLACEHOLDER_COUNT,
} pd_placeholder;

/* Which one begins at `pattern`, PD_PLACEHOLDER_COUNT for none. */
pd_placeholder pd_placeholder_at(const char *pattern);

const char *pd_placeholder_text(pd_placeholder which); /* with its braces; "" for none */
size_t pd_placeholder_length(pd_placeholder which);    /* of that; 0 for none */

#endif
