#include "reference/reference.h"

const char pd_reference_summary[] = "the gate between a git revision and a PostgreSQL database";

const char *const pd_reference_description[] = {
    "predeploy reads the SQL migrations of a git revision, from git's objects and never from the\n"
    "work tree, checks them, compares them with what the database says was applied, and applies\n"
    "all that is pending in one transaction. Each migration has a companion that takes it out\n"
    "again. The exit status gates a deployment.\n",
    "`REV` is anything that git-rev-parse(1) takes; the default is `HEAD`. The database is named\n"
    "by `DATABASE_URL` or `--database`. Settings stand in the file `.predeploy` of the revision.\n",
    NULL,
};

const pd_reference_row pd_reference_statuses[] = {
    {"0", "the gate is open (deploy: applied and verified)", "as asked"},
    {"1", "the gate is closed: findings", "untouched"},
    {"2", "usage or settings are wrong", "untouched"},
    {"3", "could not be decided: git, the database or the network is out of reach", "untouched"},
    {"4", "the backup failed or did not finish in time", "untouched"},
    {"5", "applying failed, and everything was rolled back", "as before"},
    {"6", "applying failed after a part that can't be rolled back; the report names what is in",
     "partly changed, recorded exactly"},
    {"7", "verification failed; a deployment finds it before COMMIT",
     "as before, or recorded exactly"},
    {"8", "another deployment holds the lock, or a table's lock could not be had in time",
     "as before"},
    {"9",
     "the outcome is unknown: the connection died during COMMIT, and the server can't be asked",
     "the next run finds out and says so"},
    {"130", "interrupted by SIGINT: the running statement was cancelled and rolled back",
     "as before"},
    {"143", "interrupted by SIGTERM, likewise", "as before"},
    {0},
};

const pd_reference_row pd_reference_variables[] = {
    {"DATABASE_URL",
     "the target, in any form that libpq takes; --database goes before it. It is taken out of the\n"
     "environment of every process that predeploy starts",
     NULL},
    {"PREDEPLOY_BACKUP_URL", "the webhook that makes backups; https, or http to this machine",
     NULL},
    {"PREDEPLOY_BACKUP_SECRET", "the key of its signature; whsec_ and base64, or any text", NULL},
    {"PREDEPLOY_BACKUP_CA",
     "file with a CA certificate (PEM) that is trusted for the webhook besides the system's", NULL},
    {"DB_BACKUP_BEFORE_MIGRATE", "true asks for a backup, as --backup does", NULL},
    {"PREDEPLOY_ACTOR",
     "who deploys, as the ledger records it; else GITHUB_ACTOR, GITLAB_USER_LOGIN, git's user, "
     "the\n"
     "system's user",
     NULL},
    {"PREDEPLOY_PG_BINDIR",
     "folder with initdb and postgres for `deploy --ephemeral`; else what PATH, pg_config or\n"
     "Debian's folders have",
     NULL},
    {"PREDEPLOY_PG_USER",
     "the user that a throwaway server runs as when predeploy runs as root; else postgres or "
     "nobody",
     NULL},
    {"TMPDIR", "where a throwaway server keeps its files; /tmp by default", NULL},
    {"NO_COLOR", "not empty: no colour", NULL},
    {"PGPASSWORD, PGPASSFILE, PGSSLMODE ...", "variables of libpq work as they do for psql(1)",
     NULL},
    {"GITHUB_EVENT_NAME, GITHUB_EVENT_PATH",
     "the event of a workflow, which says what is published already", NULL},
    {"GITHUB_STEP_SUMMARY, GITHUB_OUTPUT",
     "files of a step that --format github appends its summary and outputs to", NULL},
    {0},
};

const pd_reference_row pd_reference_files[] = {
    {".predeploy", "settings, in git's configuration syntax, read from the revision", NULL},
    {"SHA256SUMS", "in the folder of the migrations: the recorded hash of every file", NULL},
    {"NAME-rollback.sql", "the companion of NAME.sql; other layouts have names of their own", NULL},
    {0},
};

const pd_reference_row pd_reference_examples[] = {
    {"predeploy init", "Puts the repository under the gate.", NULL},
    {"predeploy check --base origin/main", "May this branch be merged?", NULL},
    {"DATABASE_URL=postgresql://... predeploy deploy v1.4.0",
     "Takes the database to a tag, or says why not.", NULL},
    {"predeploy deploy --ephemeral", "Tries all migrations on a throwaway server.", NULL},
    {"predeploy rollback 2", "Takes the last two migrations out again.", NULL},
    {0},
};
