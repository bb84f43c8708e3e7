#include "cli/commands.h"

#include <string.h>

#include "base/str.h"
#include "cli/output.h"

#define REVISION_OPTIONS (PD_OPTIONS_REVISION | PD_OPTIONS_BASE | PD_OPTIONS_EMPTY)

const pd_command pd_commands[] = {
    {"init", "", "put the migrations of this repository under the gate",
     "Finds the migrations folder of the work tree and writes what the gates need:\n"
     "folder and layout to .predeploy (with rollbackSince, when old migrations have\n"
     "no companion), the hashes of what stands to SHA256SUMS, and the pre-push hook.\n"
     "Shows first what it will write, and what it found wrong. What is there is\n"
     "kept; a second run has nothing to do. --path begins at the root of the work\n"
     "tree.\n",
     PD_OPTIONS_REVISION | PD_OPTIONS_INIT, 0, pd_cmd_init},
    {"new", "[NAME]", "write a new migration and its rollback companion",
     "Writes the next migration in the layout of the work tree: the next number, or\n"
     "the time (UTC), and NAME in small letters; its companion; for Drizzle also the\n"
     "journal's entry and the snapshot, as drizzle-kit does. The companion is closed\n"
     "to the gate until somebody fills it. No file is overwritten. --companions, in\n"
     "place of NAME, writes a companion for each migration that needs one.\n",
     PD_OPTIONS_REVISION | PD_OPTIONS_NEW, 1, pd_cmd_new},
    {"check", "[REV]", "ask the gates whether a revision may be deployed",
     "Reads the migrations of REV (default HEAD) from git, never from the work\n"
     "tree, and asks every gate: revision, integrity, rollback, history, syntax;\n"
     "with a database also ledger. Writes nothing. Status 0: the gate is open; 1:\n"
     "it is closed.\n",
     REVISION_OPTIONS | PD_OPTIONS_DATABASE | PD_OPTIONS_AHEAD, 1, pd_cmd_check},
    {"plan", "[REV]", "show what a deploy would do",
     "Compares REV (default HEAD) with the database's ledger and lists what would\n"
     "be applied; with --verbose each statement of it. Writes nothing.\n",
     REVISION_OPTIONS | PD_OPTIONS_DATABASE | PD_OPTIONS_AHEAD, 1, pd_cmd_plan},
    {"deploy", "[REV]", "check, back up, apply, verify, record",
     "Takes the database to REV (default HEAD): asks the gates, takes the\n"
     "deployment lock, backs up when asked, applies what is pending in one\n"
     "transaction, counts the tables before COMMIT, and records the deployment.\n"
     "The exit status gates the deploy.\n",
     REVISION_OPTIONS | PD_OPTIONS_DATABASE | PD_OPTIONS_APPLY | PD_OPTIONS_BACKUP |
         PD_OPTIONS_EPHEMERAL | PD_OPTIONS_AHEAD,
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
     "it. --dry-run asks the gates and shows the plan.\n",
     PD_OPTIONS_REVISION | PD_OPTIONS_DATABASE | PD_OPTIONS_APPLY | PD_OPTIONS_BACKUP |
         PD_OPTIONS_TO,
     1, pd_cmd_rollback},
    {"adopt", "[REV]", "take over a database that another tool has migrated",
     "Reads the table in which golang-migrate, sqlx, diesel, prisma, flyway, dbmate\n"
     "or goose keeps what it has applied, says what it found, and writes the\n"
     "migrations of REV (default HEAD) that are applied to predeploy's ledger,\n"
     "with their companions. Runs nothing. Without such a table --through NAME\n"
     "says what is applied.\n",
     REVISION_OPTIONS | PD_OPTIONS_DATABASE | PD_OPTIONS_ADOPT, 1, pd_cmd_adopt},
    {"record", "", "write the hashes of new files to SHA256SUMS",
     "Hashes the migrations and companions of the work tree, as git would store\n"
     "them, and adds what is new to SHA256SUMS. A line that the base (--base, else\n"
     "the upstream) has is never changed.\n",
     PD_OPTIONS_REVISION | PD_OPTIONS_BASE | PD_OPTIONS_RECORD, 0, pd_cmd_record},
    {"hook", "ENTRY", "entry points for git: pre-push, pre-receive, install",
     "`predeploy hook install` puts the pre-push hook, in a bare repository the\n"
     "pre-receive hook, where git looks for it and keeps a hook that is there; `hook\n"
     "install NAME` says which. `predeploy hook pre-push REMOTE URL` and `predeploy\n"
     "hook pre-receive` are what the hooks call: they read git's lines on standard\n"
     "input and check each pushed commit against what the remote, or this server,\n"
     "has. On a server the pushed settings do not count: `git config\n"
     "predeploy.settings FILE` names its own. No database is touched.\n",
     PD_OPTIONS_REVISION, 3, pd_cmd_hook},
    {"help", "[COMMAND]", "list the commands, or show what one does and takes",
     "`predeploy help COMMAND` shows the same as `predeploy COMMAND --help`.\n", 0, 1, pd_cmd_help},
    {0},
};

/* How other tools call it. */
static const struct {
    const char *word;
    const char *meant;
} elsewhere[] = {
    {"add", "new"},        {"apply", "deploy"},    {"baseline", "adopt"}, {"create", "new"},
    {"diff", "plan"},      {"down", "rollback"},   {"generate", "new"},   {"hash", "record"},
    {"history", "status"}, {"info", "status"},     {"install", "init"},   {"list", "status"},
    {"migrate", "deploy"}, {"revert", "rollback"}, {"setup", "init"},     {"test", "check"},
    {"undo", "rollback"},  {"up", "deploy"},       {"validate", "check"}, {"version", "--version"},
};

const pd_command *pd_command_find(const char *name)
{
    for (const pd_command *command = pd_commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static const char *meant_by(const char *word)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strcmp(elsewhere[i].word, word) == 0)
            return elsewhere[i].meant;
    const char *names[sizeof pd_commands / sizeof *pd_commands] = {0};
    for (size_t i = 0; pd_commands[i].name != NULL; i++)
        names[i] = pd_commands[i].name;
    return pd_did_you_mean(word, names);
}

bool pd_command_named(const char *word, const pd_command **out, pd_error *err)
{
    *out = pd_command_find(word);
    if (*out != NULL)
        return true;
    if (word[0] == '-') {
        pd_fail(err, PD_ERROR_USAGE, "%s stands where the command goes", word);
        return pd_error_hint(err, "usage: predeploy COMMAND [OPTIONS] [REV]; predeploy help lists "
                                  "the commands.");
    }
    pd_fail(err, PD_ERROR_USAGE, "unknown command %s", word);
    const char *meant = meant_by(word);
    if (meant != NULL)
        return pd_error_hint(err, "Did you mean predeploy %s? predeploy help lists the commands.",
                             meant);
    return pd_error_hint(err, "predeploy help lists the commands.");
}

static void list_commands(pd_strbuf *out)
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
}

void pd_help_short(pd_strbuf *out)
{
    list_commands(out);
    pd_strbuf_adds(out, "\nBegin in your repository with: predeploy init\n"
                        "More: predeploy help, predeploy help COMMAND\n");
}

void pd_help_all(pd_strbuf *out)
{
    list_commands(out);
    pd_strbuf_adds(out, "\nOptions of every command:\n");
    pd_options_help(out, PD_OPTIONS_ALWAYS);
    pd_strbuf_adds(
        out, "\nREV is anything that git rev-parse takes; HEAD by default. DATABASE_URL names\n"
             "the database. `predeploy help COMMAND` says more.\n\n"
             "Begin with: predeploy init, commit what it wrote, predeploy check\n");
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

bool pd_cmd_help(pd_context *context, pd_error *err)
{
    const pd_command *command = NULL;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    if (context->args.positional_count == 0)
        pd_help_all(&out);
    else if (pd_command_named(context->args.positionals[0], &command, err))
        pd_help_command(&out, command);
    else
        return false;
    (void)pd_output_text(context, stdout, out.data);
    return true;
}
