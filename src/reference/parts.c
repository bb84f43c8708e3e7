#include <string.h>

#include "reference/reference.h"

const pd_option *pd_reference_next_option(const pd_command *command, size_t *index)
{
    unsigned sets = command == NULL ? PD_OPTIONS_ALWAYS : command->options;
    for (const pd_option *option; (option = pd_option_at(*index)) != NULL;) {
        (*index)++;
        if ((option->sets & sets) != 0)
            return option;
    }
    return NULL;
}

const pd_value_kind *pd_reference_argument(const pd_command *command, size_t position)
{
    const char *at = command->arguments;
    for (; position > 0 && *at != '\0'; position--) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    at += strspn(at, "[");
    return pd_value_kind_find(at, strcspn(at, "] "));
}

void pd_reference_words(pd_strbuf *out, const pd_value_kind *kind, const char *between)
{
    const char *before = "";
    if (kind->source == PD_VALUES_COMMANDS) {
        for (const pd_command *command = pd_commands; command->name != NULL; command++) {
            pd_strbuf_addf(out, "%s%s", before, command->name);
            before = between;
        }
        return;
    }
    for (const pd_value_word *at = kind->words; at != NULL && at->word != NULL; at++) {
        pd_strbuf_addf(out, "%s%s", before, at->word);
        before = between;
    }
}
