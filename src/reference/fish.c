/* The completion of fish. */
#include <string.h>

#include "reference/reference.h"

static void add_quoted(pd_strbuf *out, const char *text)
{
    pd_strbuf_addc(out, '\'');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\'' || *at == '\\')
            pd_strbuf_addc(out, '\\');
        pd_strbuf_addc(out, *at);
    }
    pd_strbuf_addc(out, '\'');
}

/* What may stand there; nothing is known of the kind: a word, but no file. */
static void add_values(pd_strbuf *out, const pd_value_kind *kind)
{
    if (kind == NULL) {
        pd_strbuf_adds(out, " -x");
        return;
    }
    switch (kind->source) {
    case PD_VALUES_WORDS:
    case PD_VALUES_COMMANDS:
        pd_strbuf_adds(out, " -x -a '");
        pd_reference_words(out, kind, " ");
        pd_strbuf_addc(out, '\'');
        return;
    case PD_VALUES_FILES:
        pd_strbuf_adds(out, " -r -F");
        return;
    case PD_VALUES_FOLDERS:
        pd_strbuf_adds(out, " -x -a '(__fish_complete_directories)'");
        return;
    case PD_VALUES_REVISIONS:
        pd_strbuf_adds(out, " -x -a '(__predeploy_revisions)'");
        return;
    }
}

static void add_option(pd_strbuf *out, const pd_option *option, const char *when)
{
    pd_strbuf_addf(out, "complete -c predeploy%s", when);
    if (option->letter != 0)
        pd_strbuf_addf(out, " -s %c", option->letter);
    pd_strbuf_addf(out, " -l %s", option->name);
    if (option->value != NULL)
        add_values(out, pd_value_kind_find(option->value, strlen(option->value)));
    pd_strbuf_adds(out, " -d ");
    add_quoted(out, option->help);
    pd_strbuf_addc(out, '\n');
}

static void add_options(pd_strbuf *out, const pd_command *command, const char *when)
{
    size_t index = 0;
    for (const pd_option *option; (option = pd_reference_next_option(command, &index)) != NULL;)
        add_option(out, option, when);
}

static void add_command(pd_strbuf *out, const pd_command *command)
{
    PD_AUTO_STRBUF when = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&when, " -n '__fish_seen_subcommand_from %s'", command->name);
    pd_strbuf_addf(out, "\ncomplete -c predeploy -n __fish_use_subcommand -a %s -d ",
                   command->name);
    add_quoted(out, command->summary);
    pd_strbuf_addc(out, '\n');
    add_options(out, command, when.data);
    const pd_value_kind *kind = pd_reference_argument(command, 0);
    if (kind == NULL)
        return;
    pd_strbuf_addf(out, "complete -c predeploy%s", when.data);
    add_values(out, kind);
    pd_strbuf_addc(out, '\n');
}

void pd_reference_fish(pd_strbuf *out)
{
    pd_strbuf_adds(out, "# fish completion for predeploy; made from its tables of commands and "
                        "options.\n\n"
                        "function __predeploy_revisions\n    echo HEAD\n"
                        "    git for-each-ref --format='%(refname:short)' 2>/dev/null\nend\n\n"
                        "complete -c predeploy -f\n");
    add_options(out, NULL, "");
    for (const pd_command *command = pd_commands; command->name != NULL; command++)
        add_command(out, command);
}
