#include "domain/placeholder.h"

#include <string.h>

static const char *const texts[PD_PLACEHOLDER_COUNT] = {
    [PD_PLACEHOLDER_NAME] = "{name}",
    [PD_PLACEHOLDER_VERSION] = "{version}",
    [PD_PLACEHOLDER_TITLE] = "{title}",
};

pd_placeholder pd_placeholder_at(const char *pattern)
{
    for (size_t i = 0; *pattern == '{' && i < PD_PLACEHOLDER_COUNT; i++) {
        if (strncmp(pattern, texts[i], strlen(texts[i])) == 0) {
            return (pd_placeholder)i;
        }
    }
    return PD_PLACEHOLDER_COUNT;
}

const char *pd_placeholder_text(pd_placeholder which)
{
    return which < PD_PLACEHOLDER_COUNT ? texts[which] : "";
}

size_t pd_placeholder_length(pd_placeholder which)
{
    return strlen(pd_placeholder_text(which));
}
