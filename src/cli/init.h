/* What `init` is going to write, and how it shows that. */
#ifndef PD_CLI_INIT_H
#define PD_CLI_INIT_H

#include "cli/context.h"
#include "cli/record.h"
#include "domain/settings_edit.h"

typedef enum pd_init_action {
    PD_INIT_CREATE,
    PD_INIT_CHANGE, /* lines are added, or a hook of ours is brought up to date */
    PD_INIT_KEEP,   /* nothing is written */
} pd_init_action;

typedef struct pd_init_step {
    pd_init_action action;
    const char *path;    /* from the root of the work tree */
    const char *why;     /* what it is for, or why it is kept */
    const char *content; /* in short, lines; "" when there is nothing to show */
    bool commits;        /* it belongs into the next commit */
} pd_init_step;

#define PD_INIT_STEPS_MAX 6

typedef struct pd_init {
    pd_init_step steps[PD_INIT_STEPS_MAX];
    size_t count;
    size_t without_companion; /* migrations of the set that have none */
    const char *settings;     /* text of `.predeploy`, NULL: it stays */
    const char *sums;         /* text of SHA256SUMS, NULL: it stays */
    bool hook;                /* is to be installed */
    pd_ignored ignored;       /* belongs into the commit, and git ignores it */
} pd_init;

/* ---- init_drizzle.c: where Drizzle keeps its table ---- */

/* What drizzle.config.* says that is not Drizzle's default. */
typedef struct pd_drizzle_said {
    const char *path;   /* of the file, NULL: there is none that says anything */
    bool unsure;        /* it says something, and it cannot be told what */
    const char *schema; /* NULL: not said, or the default */
    const char *table;
} pd_drizzle_said;

/* Reads the file in the work tree that stands nearest above the migrations folder. */
bool pd_init_read_drizzle(pd_context *context, const char *folder, pd_drizzle_said *out,
                          pd_error *err) PD_CHECKED;

/* A step for what could not be read, or is not what `.predeploy` has in [ledger]. */
void pd_init_tell_drizzle(const pd_context *context, pd_init *init, const pd_drizzle_said *said,
                          const pd_settings_lines *ledger);

/* Adds a step; what is written belongs into the next commit, unless the caller says otherwise. */
pd_init_step *pd_init_add(pd_init *init, pd_init_action action, const char *path, const char *why,
                          const char *content);

/* Whether anything is to be written. */
bool pd_init_has_work(const pd_init *init);

/* The plan, for people: shown before anything is written. */
void pd_init_show(const pd_context *context, const pd_init *init, pd_strbuf *out);

/* What was done, and what comes next. */
void pd_init_done(const pd_context *context, const pd_init *init, pd_strbuf *out);

/* Both in one object (docs/daily-use.md). */
void pd_init_json(const pd_context *context, const pd_init *init, pd_strbuf *out);

#endif
