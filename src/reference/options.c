/* docs/options.md. */
#include <ctype.h>
#include <string.h>

#include "reference/reference.h"

static void add_option(pd_strbuf *out, const pd_option *option)
{
    pd_strbuf_adds(out, "| ");
    if (option->letter != 0)
        pd_strbuf_addf(out, "`-%c`, ", option->letter);
    pd_strbuf_addf(out, "`--%s%s%s` | %s |\n", option->name, option->value == NULL ? "" : " ",
                   option->value == NULL ? "" : option->value, option->help);
}

static void add_options(pd_strbuf *out, const pd_command *command)
{
    size_t index = 0;
    const pd_option *option = pd_reference_next_option(command, &index);
    if (option == NULL)
        return;
    pd_strbuf_adds(out, "\n| option | |\n|---|---|\n");
    for (; option != NULL; option = pd_reference_next_option(command, &index))
        add_option(out, option);
}

static void add_commands(pd_strbuf *out)
{
    for (const pd_command *command = pd_commands; command->name != NULL; command++) {
        pd_strbuf_addf(out, "\n## predeploy %s\n\n", command->name);
        pd_strbuf_addf(out, "%c%s.\n\n```text\nusage: predeploy %s [OPTIONS]%s%s\n```\n\n%s",
                       toupper((unsigned char)command->summary[0]), command->summary + 1,
                       command->name, command->arguments[0] == '\0' ? "" : " ", command->arguments,
                       command->help);
        add_options(out, command);
    }
}

static void add_values(pd_strbuf *out)
{
    pd_strbuf_adds(out, "\n## Values\n\n| in the tables above | stands for |\n|---|---|\n");
    for (size_t i = 0; pd_option_at(i) != NULL; i++) {
        const char *name = pd_option_at(i)->value;
        const pd_value_kind *kind = name == NULL ? NULL : pd_value_kind_find(name, strlen(name));
        if (kind == NULL || kind->words == NULL)
            continue;
        pd_strbuf_addf(out, "| `%s` of `--%s` | `", name, pd_option_at(i)->name);
        pd_reference_words(out, kind, "`, `");
        pd_strbuf_adds(out, "` |\n");
    }
    pd_strbuf_adds(out, "| `REV` | anything that `git rev-parse` takes |\n");
}

static void add_statuses(pd_strbuf *out)
{
    pd_strbuf_adds(out, "\n## Exit statuses\n\nWhat each one promises: "
                        "[exit-statuses.md](exit-statuses.md).\n\n"
                        "| status | meaning | the database |\n|---|---|---|\n");
    for (const pd_reference_row *row = pd_reference_statuses; row->name != NULL; row++)
        pd_strbuf_addf(out, "| %s | %s | %s |\n", row->name, row->text, row->more);
}

void pd_reference_options(pd_strbuf *out)
{
    pd_strbuf_adds(
        out, "# Commands and options\n\n"
             "This page is made from the tables by which the program reads its command line; a "
             "test compares it\nwith them, `ci/reference` writes it anew. `predeploy help "
             "COMMAND` and predeploy(1) say the same.\nWhat comes from the environment is in "
             "[settings.md](settings.md#environment).\n");
    add_commands(out);
    pd_strbuf_adds(out, "\n## Options of every command\n");
    add_options(out, NULL);
    add_values(out);
    add_statuses(out);
}
