/* The completion of zsh. */
#include <string.h>

#include "reference/reference.h"

/* Text inside of '...' and of [...] or WORD:... of a specification. */
static void add_text(pd_strbuf *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\'')
            pd_strbuf_adds(out, "'\\''");
        else if (strchr("[]:\\", *at) != NULL)
            pd_strbuf_addf(out, "\\%c", *at);
        else
            pd_strbuf_addc(out, *at);
    }
}

static void add_action(pd_strbuf *out, const pd_value_kind *kind)
{
    if (kind == NULL) {
        pd_strbuf_adds(out, " ");
        return;
    }
    switch (kind->source) {
    case PD_VALUES_WORDS:
    case PD_VALUES_COMMANDS:
        pd_strbuf_addc(out, '(');
        pd_reference_words(out, kind, " ");
        pd_strbuf_addc(out, ')');
        return;
    case PD_VALUES_FILES:
        pd_strbuf_adds(out, "_files");
        return;
    case PD_VALUES_FOLDERS:
        pd_strbuf_adds(out, "_directories");
        return;
    case PD_VALUES_REVISIONS:
        pd_strbuf_adds(out, "_predeploy_revisions");
        return;
    }
}

static void add_option(pd_strbuf *out, const pd_option *option)
{
    pd_strbuf_adds(out, " \\\n      ");
    if (option->letter != 0)
        pd_strbuf_addf(out, "'(-%c --%s)'{-%c,--%s}'[", option->letter, option->name,
                       option->letter, option->name);
    else
        pd_strbuf_addf(out, "'--%s%s[", option->name, option->value == NULL ? "" : "=");
    add_text(out, option->help);
    pd_strbuf_addc(out, ']');
    if (option->value != NULL) {
        pd_strbuf_addf(out, ":%s:", option->value);
        add_action(out, pd_value_kind_find(option->value, strlen(option->value)));
    }
    pd_strbuf_addc(out, '\'');
}

static void add_options(pd_strbuf *out, const pd_command *command)
{
    size_t index = 0;
    for (const pd_option *option; (option = pd_reference_next_option(command, &index)) != NULL;)
        add_option(out, option);
}

static void add_command(pd_strbuf *out, const pd_command *command)
{
    pd_strbuf_addf(out, "  %s)\n    _arguments -s", command->name);
    add_options(out, command);
    add_options(out, NULL);
    for (size_t at = 0; at < command->positionals; at++) {
        pd_strbuf_addf(out, " \\\n      '%zu:", at + 1);
        add_text(out, command->arguments);
        pd_strbuf_addc(out, ':');
        add_action(out, pd_reference_argument(command, at));
        pd_strbuf_addc(out, '\'');
    }
    pd_strbuf_adds(out, "\n    ;;\n");
}

void pd_reference_zsh(pd_strbuf *out)
{
    pd_strbuf_adds(out, "#compdef predeploy\n"
                        "# zsh completion for predeploy; made from its tables of commands and "
                        "options.\n\n"
                        "_predeploy_revisions() {\n"
                        "  local -a names\n"
                        "  names=(HEAD ${(f)\"$(git for-each-ref --format='%(refname:short)' "
                        "2>/dev/null)\"})\n"
                        "  compadd -a names\n}\n\n"
                        "_predeploy() {\n  local -a names\n  names=(\n");
    for (const pd_command *command = pd_commands; command->name != NULL; command++) {
        pd_strbuf_addf(out, "    '%s:", command->name);
        add_text(out, command->summary);
        pd_strbuf_adds(out, "'\n");
    }
    pd_strbuf_adds(out, "  )\n  if (( CURRENT == 2 )); then\n"
                        "    _describe -t commands command names\n"
                        "    compadd -- --help --version\n    return\n  fi\n"
                        "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n"
                        "  case $command in\n");
    for (const pd_command *command = pd_commands; command->name != NULL; command++)
        add_command(out, command);
    pd_strbuf_adds(out, "  esac\n}\n\n"
                        "if [[ $funcstack[1] == _predeploy ]]; then\n  _predeploy \"$@\"\nelse\n"
                        "  compdef _predeploy predeploy\nfi\n");
}
