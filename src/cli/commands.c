#include "cli/commands.h"

#include <string.h>

#define REVISION_OPTIONS (PD_OPTIONS_REVISION | PD_OPTIONS_BASE | PD_OPTIONS_EMPTY)

const pd_command pd_commands[] = {
    {"check", "[REV]", "ask the gates whether a revision may be deployed",
     "Reads the migrations of REV (default HEAD) from git, never from the work\n"
     "tree, and asks every gate: revision, integrity, rollback, history, syntax;\n"
     "with a database also ledger. Writes nothing. Status 0: the gate is open; 1:\n"
     "it is closed.\n",
     REVISION_OPTIONS | PD_OPTIONS_DATABASE, 1, pd_cmd_check},
    {"plan", "[REV]", "show what a deploy would do, statement by statement",
     "Compares REV (default HEAD) with the database's ledger and lists what would\n"
     "be applied. Writes nothing.\n",
     REVISION_OPTIONS | PD_OPTIONS_DATABASE, 1, pd_cmd_plan},
    {"deploy", "[REV]", "check, back up, apply, verify, record",
     "Takes the database to REV (default HEAD): asks the gates, takes the\n"
     "deployment lock, backs up when asked, applies what is pending in one\n"
     "transaction, counts the tables before COMMIT, and records the deployment.\n"
     "The exit status gates the deploy.\n",
     REVISION_OPTIONS | PD_OPTIONS_DATABASE | PD_OPTIONS_APPLY | PD_OPTIONS_BACKUP |
         PD_OPTIONS_EPHEMERAL,
     1, pd_cmd_deploy},
    {"verify", "[REV]", "compare the database with a revision",
     "The table count is the expected one, every migration of REV (default HEAD)\n"
     "is in the ledger with equal content, and nothing else is. Writes nothing.\n"
     "Status 7 when the database is not what the revision says.\n",
     PD_OPTIONS_REVISION | PD_OPTIONS_EMPTY | PD_OPTIONS_DATABASE, 1, pd_cmd_verify},
    {"status", "", "show what is applied, by which deployment and commit",
     "Reads the database's ledger. Writes nothing. Settings come from HEAD when\n"
     "there is a repository here.\n",
     PD_OPTIONS_REVISION | PD_OPTIONS_DATABASE, 0, pd_cmd_status},
    {"rollback", "[STEPS]", "take the last STEPS migrations out again",
     "Runs the companions of the last STEPS (default 1) applied migrations, newest\n"
     "first, or of everything behind --to NAME. The companion that runs is the one\n"
     "that was committed with the migration when it was applied: the ledger keeps\n"
     "it.\n",
     PD_OPTIONS_REVISION | PD_OPTIONS_DATABASE | PD_OPTIONS_APPLY | PD_OPTIONS_BACKUP |
         PD_OPTIONS_TO,
     1, pd_cmd_rollback},
    {"record", "", "write the hashes of new files to SHA256SUMS",
     "Hashes the migrations and companions of the work tree, as git would store\n"
     "them, and adds what is new to SHA256SUMS. A line that the base (--base, the\n"
     "upstream, else HEAD) has is never changed.\n",
     PD_OPTIONS_REVISION | PD_OPTIONS_BASE, 0, pd_cmd_record},
    {"hook", "NAME", "entry points for git: pre-push, install",
     "`predeploy hook install` puts the pre-push hook where git looks for it and\n"
     "keeps a hook that is there. `predeploy hook pre-push REMOTE URL` is what the\n"
     "hook calls: it reads git's lines on standard input and checks each pushed\n"
     "commit against what the remote has. No database is touched.\n",
     PD_OPTIONS_REVISION, 3, pd_cmd_hook},
    {0},
};

const pd_command *pd_command_find(const char *name)
{
    for (const pd_command *command = pd_commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

void pd_help_all(pd_strbuf *out)
{
    pd_strbuf_adds(out, "predeploy: the gate between a git revision and a PostgreSQL database\n\n"
                        "usage: predeploy COMMAND [OPTIONS] [REV]\n\n");
    for (const pd_command *command = pd_commands; command->name != NULL; command++) {
        size_t start = out->len;
        pd_strbuf_addf(out, "  %s %s", command->name, command->arguments);
        size_t width = out->len - start;
        pd_strbuf_addn(out, ' ', width < 21 ? 21 - width : 1);
        pd_strbuf_addf(out, "%s\n", command->summary);
    }
    pd_strbuf_adds(out, "\nOptions of every command:\n");
    pd_options_help(out, PD_OPTIONS_ALWAYS);
    pd_strbuf_adds(
        out, "\nREV is anything that git rev-parse takes; HEAD by default. DATABASE_URL names\n"
             "the database. `predeploy COMMAND --help` says more.\n\n"
             "Begin with: predeploy record, commit SHA256SUMS, predeploy check\n");
}

void pd_help_command(pd_strbuf *out, const pd_command *command)
{
    pd_strbuf_addf(out, "predeploy %s: %s\n\nusage: predeploy %s [OPTIONS]%s%s\n\n%s\n",
                   command->name, command->summary, command->name,
                   command->arguments[0] == '\0' ? "" : " ", command->arguments, command->help);
    pd_strbuf_adds(out, "Options:\n");
    pd_options_help(out, command->options);
    pd_options_help(out, PD_OPTIONS_ALWAYS);
}
