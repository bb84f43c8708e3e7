/* predeploy(1), in the macros of man(7). */
#include <string.h>

#include "reference/reference.h"

/* Text as roff takes it: a hyphen that can be copied as a minus, no escape, no request at the
 * begin of a line; what stands between backticks is bold. */
static void add_text(pd_strbuf *out, const char *text)
{
    bool bold = false;
    bool first = out->len == 0 || out->data[out->len - 1] == '\n';
    for (const char *at = text; *at != '\0'; first = *at++ == '\n') {
        if (first && (*at == '.' || *at == '\''))
            pd_strbuf_adds(out, "\\&");
        if (*at == '`') {
            bold = !bold;
            pd_strbuf_adds(out, bold ? "\\fB" : "\\fR");
        } else if (*at == '-') {
            pd_strbuf_adds(out, "\\-");
        } else if (*at == '\\') {
            pd_strbuf_adds(out, "\\e");
        } else {
            pd_strbuf_addc(out, *at);
        }
    }
}

static void add_line(pd_strbuf *out, const char *text)
{
    add_text(out, text);
    pd_strbuf_addc(out, '\n');
}

static void add_usage(pd_strbuf *out, const pd_command *command)
{
    pd_strbuf_adds(out, "\\fBpredeploy ");
    add_text(out, command->name);
    pd_strbuf_adds(out, "\\fR [\\fIOPTIONS\\fR]");
    if (command->arguments[0] != '\0')
        pd_strbuf_addf(out, " \\fI%s\\fR", command->arguments);
    pd_strbuf_addc(out, '\n');
}

static void add_words(pd_strbuf *out, const char *value)
{
    const pd_value_kind *kind = value == NULL ? NULL : pd_value_kind_find(value, strlen(value));
    if (kind == NULL || kind->words == NULL)
        return;
    PD_AUTO_STRBUF words = pd_strbuf_new(PD_STRBUF_MAX);
    pd_reference_words(&words, kind, ", ");
    pd_strbuf_adds(out, ".br\nOne of: ");
    add_text(out, words.data);
    pd_strbuf_adds(out, ".\n");
}

static void add_options(pd_strbuf *out, const pd_command *command)
{
    size_t index = 0;
    for (const pd_option *option; (option = pd_reference_next_option(command, &index)) != NULL;) {
        pd_strbuf_adds(out, ".TP\n\\fB");
        if (option->letter != 0)
            pd_strbuf_addf(out, "\\-%c\\fR, \\fB", option->letter);
        pd_strbuf_adds(out, "\\-\\-");
        add_text(out, option->name);
        pd_strbuf_adds(out, "\\fR");
        if (option->value != NULL)
            pd_strbuf_addf(out, " \\fI%s\\fR", option->value);
        pd_strbuf_addc(out, '\n');
        add_line(out, option->help);
        add_words(out, option->value);
    }
}

static void add_commands(pd_strbuf *out)
{
    pd_strbuf_adds(out, ".SH COMMANDS\n");
    for (const pd_command *command = pd_commands; command->name != NULL; command++) {
        pd_strbuf_adds(out, ".SS ");
        add_usage(out, command);
        add_text(out, command->help);
        add_options(out, command);
    }
}

static void add_table(pd_strbuf *out, const char *title, const pd_reference_row *rows)
{
    pd_strbuf_addf(out, ".SH %s\n", title);
    for (const pd_reference_row *row = rows; row->name != NULL; row++) {
        pd_strbuf_adds(out, ".TP\n\\fB");
        add_text(out, row->name);
        pd_strbuf_adds(out, "\\fR\n");
        add_line(out, row->text);
        if (row->more != NULL) {
            pd_strbuf_adds(out, ".br\nThe database: ");
            add_text(out, row->more);
            pd_strbuf_adds(out, ".\n");
        }
    }
}

static void add_examples(pd_strbuf *out)
{
    pd_strbuf_adds(out, ".SH EXAMPLES\n");
    for (const pd_reference_row *row = pd_reference_examples; row->name != NULL; row++) {
        pd_strbuf_adds(out, ".PP\n");
        add_line(out, row->text);
        pd_strbuf_adds(out, ".PP\n.nf\n.RS\n");
        add_line(out, row->name);
        pd_strbuf_adds(out, ".RE\n.fi\n");
    }
}

void pd_reference_man(pd_strbuf *out)
{
    pd_strbuf_adds(out, ".TH PREDEPLOY 1 \"\" \"predeploy " PD_VERSION "\" \"User Commands\"\n"
                        ".SH NAME\npredeploy \\- ");
    add_line(out, pd_reference_summary);
    pd_strbuf_adds(out, ".SH SYNOPSIS\n.nf\n");
    for (const pd_command *command = pd_commands; command->name != NULL; command++)
        add_usage(out, command);
    pd_strbuf_adds(out, ".fi\n.SH DESCRIPTION\n");
    for (size_t i = 0; pd_reference_description[i] != NULL; i++) {
        pd_strbuf_adds(out, i == 0 ? "" : ".PP\n");
        add_text(out, pd_reference_description[i]);
    }
    add_commands(out);
    pd_strbuf_adds(out, ".SH OPTIONS\nEvery command takes these besides its own:\n");
    add_options(out, NULL);
    add_table(out, "EXIT STATUS", pd_reference_statuses);
    pd_strbuf_adds(out,
                   ".PP\n\"As before\" means the schema and the data of the application: that a "
                   "deployment\nwas tried, and how it ended, is recorded.\n");
    add_table(out, "ENVIRONMENT", pd_reference_variables);
    add_table(out, "FILES", pd_reference_files);
    add_examples(out);
    pd_strbuf_adds(out, ".SH SEE ALSO\n.BR git\\-rev\\-parse (1),\n.BR githooks (5),\n.BR psql "
                        "(1)\n.PP\nThe guides of predeploy are installed with it, in the folder\n"
                        ".IR predeploy\nof the system's documentation.\n");
}
