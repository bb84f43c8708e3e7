/* The completion of bash. It needs nothing but bash itself: no file of bash-completion. */
#include <string.h>

#include "reference/reference.h"

static void add_options_of(pd_strbuf *out, const pd_command *command)
{
    size_t index = 0;
    for (const pd_option *option; (option = pd_reference_next_option(command, &index)) != NULL;)
        pd_strbuf_addf(out, " --%s", option->name);
}

static void add_option_lists(pd_strbuf *out)
{
    pd_strbuf_adds(out, "_predeploy_options() # COMMAND: what it takes\n{\n    case $1 in\n");
    for (const pd_command *command = pd_commands; command->name != NULL; command++) {
        size_t index = 0;
        if (pd_reference_next_option(command, &index) == NULL)
            continue;
        pd_strbuf_addf(out, "    %s) printf '%%s' '", command->name);
        add_options_of(out, command);
        pd_strbuf_adds(out, "' ;;\n");
    }
    pd_strbuf_adds(out, "    esac\n    printf '%s' '");
    add_options_of(out, NULL);
    pd_strbuf_adds(out, "'\n}\n\n");
}

/* Options with a value that nothing is known of are there, too: the word behind is theirs. */
static void add_value_names(pd_strbuf *out)
{
    pd_strbuf_adds(out, "_predeploy_value() # OPTION: the name of its value, nothing for a flag\n"
                        "{\n    case $1 in\n");
    for (size_t i = 0; pd_option_at(i) != NULL; i++)
        if (pd_option_at(i)->value != NULL)
            pd_strbuf_addf(out, "    --%s) printf %s ;;\n", pd_option_at(i)->name,
                           pd_option_at(i)->value);
    pd_strbuf_adds(out, "    esac\n}\n\n");
}

static void add_argument_names(pd_strbuf *out)
{
    pd_strbuf_adds(out, "_predeploy_argument() # COMMAND POSITION: the name of that argument\n"
                        "{\n    case $1:$2 in\n");
    for (const pd_command *command = pd_commands; command->name != NULL; command++) {
        for (size_t at = 0; at < command->positionals; at++) {
            const pd_value_kind *kind = pd_reference_argument(command, at);
            if (kind != NULL)
                pd_strbuf_addf(out, "    %s:%zu) printf %s ;;\n", command->name, at, kind->name);
        }
    }
    pd_strbuf_adds(out, "    esac\n}\n\n");
}

/* The list of a kind's words, once for all options that have it. */
static void add_word_list(pd_strbuf *out, const char *name)
{
    const pd_value_kind *kind = pd_value_kind_find(name, strlen(name));
    if (kind == NULL || kind->source != PD_VALUES_WORDS)
        return;
    pd_strbuf_addf(out, "    %s) _predeploy_among \"$2\" ", name);
    pd_reference_words(out, kind, " ");
    pd_strbuf_adds(out, " ;;\n");
}

static void add_completer(pd_strbuf *out)
{
    pd_strbuf_adds(out, "_predeploy_complete() # NAME-OF-VALUE WORD\n{\n    case $1 in\n");
    for (size_t i = 0; pd_option_at(i) != NULL; i++)
        if (pd_option_at(i)->value != NULL)
            add_word_list(out, pd_option_at(i)->value);
    add_word_list(out, "ENTRY");
    pd_strbuf_adds(out, "    COMMAND) _predeploy_among \"$2\" ");
    pd_reference_words(out, pd_value_kind_find("COMMAND", strlen("COMMAND")), " ");
    pd_strbuf_adds(out, " ;;\n"
                        "    FILE) _predeploy_paths -f \"$2\" ;;\n"
                        "    FOLDER | PATH) _predeploy_paths -d \"$2\" ;;\n"
                        "    REV) _predeploy_revisions \"$2\" ;;\n"
                        "    esac\n}\n\n");
}

static const char helpers[] =
    "# bash completion for predeploy; made from its tables of commands and options.\n\n"
    "_predeploy_among() # WORD CANDIDATE...\n{\n"
    "    local word=$1 candidate\n    shift\n"
    "    for candidate in \"$@\"; do\n"
    "        if [[ $candidate == \"$word\"* ]]; then COMPREPLY+=(\"$candidate\"); fi\n"
    "    done\n}\n\n"
    "_predeploy_paths() # -f|-d WORD\n{\n"
    "    local path\n"
    "    while IFS= read -r path; do COMPREPLY+=(\"$path\"); done < <(compgen \"$1\" -- \"$2\")\n"
    "    compopt -o filenames 2>/dev/null\n}\n\n"
    "# A name of a branch may hold what a shell runs: such names are not offered.\n"
    "_predeploy_revisions() # WORD\n{\n"
    "    local name names=(HEAD)\n"
    "    while IFS= read -r name; do\n"
    "        if [[ $name != *[!A-Za-z0-9._/@+-]* ]]; then names+=(\"$name\"); fi\n"
    "    done < <(git for-each-ref --format='%(refname:short)' 2>/dev/null)\n"
    "    _predeploy_among \"$1\" \"${names[@]}\"\n}\n\n";

/* Readline hands `--format=json` over as three words. */
static const char body[] =
    "_predeploy()\n{\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command=${COMP_WORDS[1]} at=2 position=0 value\n"
    "    COMPREPLY=()\n"
    "    if ((COMP_CWORD == 1)); then\n"
    "        _predeploy_complete COMMAND \"$word\"\n"
    "        _predeploy_among \"$word\" --help --version\n"
    "        return\n"
    "    fi\n"
    "    if [[ $word == '=' ]]; then\n"
    "        word=''\n"
    "    elif [[ $before == '=' ]] && ((COMP_CWORD > 2)); then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    value=$(_predeploy_value \"$before\")\n"
    "    if [[ -n $value ]]; then\n"
    "        _predeploy_complete \"$value\" \"$word\"\n"
    "        return\n"
    "    fi\n"
    "    if [[ $word == -* ]]; then\n"
    "        local options\n"
    "        read -ra options <<<\"$(_predeploy_options \"$command\")\"\n"
    "        _predeploy_among \"$word\" \"${options[@]}\"\n"
    "        return\n"
    "    fi\n"
    "    for (( ; at < COMP_CWORD; at++)); do\n"
    "        if [[ ${COMP_WORDS[at]} != -* ]]; then\n"
    "            position=$((position + 1))\n"
    "        elif [[ ${COMP_WORDS[at + 1]-} == '=' ]]; then\n"
    "            at=$((at + 2))\n"
    "        elif [[ -n $(_predeploy_value \"${COMP_WORDS[at]}\") ]]; then\n"
    "            at=$((at + 1))\n"
    "        fi\n"
    "    done\n"
    "    _predeploy_complete \"$(_predeploy_argument \"$command\" \"$position\")\" \"$word\"\n"
    "}\n\n"
    "complete -F _predeploy predeploy\n";

void pd_reference_bash(pd_strbuf *out)
{
    pd_strbuf_adds(out, helpers);
    add_option_lists(out);
    add_value_names(out);
    add_argument_names(out);
    add_completer(out);
    pd_strbuf_adds(out, body);
}
