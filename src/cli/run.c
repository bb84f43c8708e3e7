#include "cli/run.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "render/render.h"

/* Secrets leave the environment, so that no child (a throwaway server) inherits them. */
static const char *take_secret(pd_context *context, const char *variable)
{
    const char *value = getenv(variable);
    if (value == NULL)
        return NULL;
    const char *kept = pd_arena_strdup(context->arena, value);
    unsetenv(variable);
    return kept;
}

static void read_environment(pd_context *context)
{
    pd_environment *environment = &context->environment;
    environment->database_url = take_secret(context, "DATABASE_URL");
    environment->backup_url = take_secret(context, "PREDEPLOY_BACKUP_URL");
    environment->backup_secret = take_secret(context, "PREDEPLOY_BACKUP_SECRET");
    environment->backup_ca = getenv("PREDEPLOY_BACKUP_CA");
    environment->backup_before_migrate = getenv("DB_BACKUP_BEFORE_MIGRATE");
    pd_secrets_add_url(&context->secrets, environment->database_url);
    pd_secrets_add_url(&context->secrets, environment->backup_url);
    pd_secrets_add(&context->secrets, environment->backup_secret);
    if (environment->backup_secret != NULL && pd_starts_with(environment->backup_secret, "whsec_"))
        pd_secrets_add(&context->secrets, environment->backup_secret + strlen("whsec_"));
    pd_secrets_add(&context->secrets, getenv("PGPASSWORD"));
}

/* Errors of the verify command about the database itself have a status of their own. */
static int closed_status(const pd_report *report)
{
    if (!pd_report_closed(report))
        return 0;
    if (strcmp(report->command, "verify") != 0)
        return 1;
    size_t about_database =
        pd_findings_of_gate(report->findings, PD_GATE_VERIFY, PD_SEVERITY_ERROR) +
        pd_findings_of_gate(report->findings, PD_GATE_LEDGER, PD_SEVERITY_ERROR);
    return about_database == pd_findings_count(report->findings, PD_SEVERITY_ERROR) ? 7 : 1;
}

/* Before it is wrapped to lines, so that no line break can part a secret. */
static void redact(const pd_context *context, char *text, size_t size)
{
    PD_AUTO_STRBUF clean = pd_strbuf_new(size - 1);
    pd_strbuf_adds(&clean, text);
    pd_secrets_redact(&context->secrets, &clean);
    memcpy(text, clean.data, clean.len + 1);
}

/* What an error kept from being asked says nothing. */
static void drop_unasked_gates(pd_report *report)
{
    size_t kept = 0;
    for (size_t i = 0; i < report->gate_count; i++)
        if (report->gates[i].state != PD_GATE_SKIPPED)
            report->gates[kept++] = report->gates[i];
    report->gate_count = kept;
}

/* A command line that could not be parsed may have asked for a format all the same. */
static void find_format(pd_args *args, int argc, char **argv)
{
    for (int i = 1; i < argc && argv[i] != NULL && args->format == NULL; i++) {
        bool separate = strcmp(argv[i], "--format") == 0 && i + 1 < argc;
        const char *value = separate                               ? argv[i + 1]
                            : pd_starts_with(argv[i], "--format=") ? argv[i] + strlen("--format=")
                                                                   : "";
        if (pd_output_knows(value))
            args->format = value;
    }
}

/* Whether somebody may wonder that a change of the work tree had no effect. */
static bool reads_commits(const pd_report *report)
{
    static const char *const names[] = {"check", "plan", "deploy", "verify", "adopt", "rollback"};
    bool known = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        known = known || pd_streq(report->command, names[i]);
    bool failed = report->status == 1 || report->error.kind == PD_ERROR_APPLY;
    return known && (failed || (report->nothing_to_do && report->relies_on == NULL));
}

static int finish(pd_context *context, bool done, const pd_error *err)
{
    pd_report *report = &context->report;
    if (done && context->printed) {
        bool written = pd_output_end(context) && !context->unwritten;
        return written || report->status != 0 ? report->status : 3;
    }
    assert(done || err->kind != PD_ERROR_NONE);
    if (!done) {
        if (err->kind == PD_ERROR_INTERRUPTED)
            pd_interrupt_rearm(&context->interrupt);
        report->error = *err;
        drop_unasked_gates(report);
        redact(context, report->error.message, sizeof report->error.message);
        redact(context, report->error.detail, sizeof report->error.detail);
        redact(context, report->error.hint, sizeof report->error.hint);
        report->status = pd_error_status(err);
    } else {
        report->status = closed_status(report);
    }
    if (reads_commits(report))
        pd_context_compare_worktree(context);
    report->elapsed_ms = pd_now_ms() - context->progress.started_ms;
    bool written = pd_output_report(context);
    if (pd_output_end(context) && written)
        return report->status;
    bool deployed = report->deployment != NULL;
    return report->status != 0 || deployed ? report->status : 3;
}

static int print_short_help(pd_context *context)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_help_short(&out);
    (void)pd_output_text(context, stderr, out.data);
    return 2;
}

static int print_version(pd_context *context)
{
    return pd_output_text(context, stdout, "predeploy " PD_VERSION "\n") ? 0 : 3;
}

static bool check_positionals(const pd_context *context, const pd_command *command, pd_error *err)
{
    if (context->args.positional_count <= command->positionals)
        return true;
    pd_fail(err, PD_ERROR_USAGE, "too many arguments: %s",
            context->args.positionals[command->positionals]);
    return pd_error_hint(err, "usage: predeploy %s [OPTIONS] %s", command->name,
                         command->arguments);
}

/* A pipeline that does not get its secret sets the variable to nothing: a gate that is asked less
 * than was meant must not open. */
static bool check_database(const pd_context *context, const pd_command *command, pd_error *err)
{
    const char *url = context->environment.database_url;
    if ((command->options & PD_OPTIONS_DATABASE) == 0 || context->args.database != NULL ||
        context->args.ephemeral || url == NULL || !pd_blank(url))
        return true;
    pd_fail(err, PD_ERROR_USAGE, "DATABASE_URL is set, but empty");
    return pd_error_hint(err, "In a pipeline: does this job get the secret? %s",
                         pd_streq(command->name, "check")
                             ? "Without a database: env -u DATABASE_URL predeploy check."
                             : "Set DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME.");
}

static int dispatch(pd_context *context, int argc, char **argv)
{
    pd_error err = {0};
    const pd_command *command = NULL;
    if (argc < 2)
        return print_short_help(context);
    if (strcmp(argv[1], "--version") == 0)
        return print_version(context);
    bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
    const char *word = help ? "help" : argv[1];
    context->report.command = word;
    if (!pd_command_named(word, &command, &err)) {
        find_format(&context->args, argc, argv);
        return finish(context, false, &err);
    }
    context->report.command = command->name;
    bool parsed =
        pd_args_parse(&context->args, context->arena, command->options, argc - 2, argv + 2, &err);
    if (!parsed)
        find_format(&context->args, argc, argv);
    context->backs_up = (command->options & PD_OPTIONS_BACKUP) != 0;
    context->document.several = pd_hook_judges(command, &context->args);
    if (!parsed || !pd_output_check(context, &err))
        return finish(context, false, &err);
    if (context->args.help) {
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        pd_help_command(&out, command);
        return pd_output_text(context, stdout, out.data) ? 0 : 3;
    }
    if (context->args.version)
        return print_version(context);
    pd_output_start(context);
    bool done = check_positionals(context, command, &err) && pd_output_reserve(context, &err) &&
                check_database(context, command, &err) && command->run(context, &err);
    pd_progress_end(&context->progress);
    return finish(context, done, &err);
}

int pd_run_command(int argc, char **argv)
{
    pd_memory_start();
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_context context = {
        .arena = arena,
        .secrets = {.arena = arena},
        .interrupt = {.fd = -1},
        .progress = {.started_ms = pd_now_ms()},
    };
    context.findings.arena = arena;
    context.report.findings = &context.findings;
    context.report.tables_before = -1;
    context.report.tables_after = -1;
    /* A reader that goes away is an error of write, not the end of a deployment. */
    signal(SIGPIPE, SIG_IGN);
    read_environment(&context);
    char **words = pd_args_take(arena, argc, argv);
    /* A connection URL in any place of the command line may come back in a message. */
    for (int i = 1; i < argc; i++)
        pd_secrets_add_url(&context.secrets, words[i]);
    int status = dispatch(&context, argc, words);
    pd_context_close(&context);
    return status;
}
