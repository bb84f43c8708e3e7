/* What the hooks of git share: one ref of a push, judged and reported. */
#ifndef PD_CLI_HOOK_H
#define PD_CLI_HOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/context.h"

#define PD_HOOK_LINES_MAX ((size_t)8 << 20) /* bytes of git's lines on standard input */

/* `predeploy hook pre-push` and `predeploy hook pre-receive`. */
bool pd_push_hook(pd_context *context, pd_error *err) PD_CHECKED;
bool pd_receive_hook(pd_context *context, pd_error *err) PD_CHECKED;

/* Begins the report of a ref: "HOOK REF" is its command. */
void pd_hook_begin(pd_context *context, const char *hook, const char *ref);

/* Whether the folder is there and, like the settings, byte for byte what that commit has. */
bool pd_hook_is_unchanged(pd_context *context, const pd_revision *base, bool *unchanged,
                          pd_error *err) PD_CHECKED;

/* A branch that never had migrations (pages, documentation) is none of our business. */
bool pd_hook_never_had_migrations(const pd_context *context);

/* Nothing is to be said of this ref. */
void pd_hook_nothing_to_do(pd_context *context);

/* Asks the gates that need no database, against the witnesses that were added. */
bool pd_hook_judge(pd_context *context, pd_error *err) PD_CHECKED;

/* Settles the ref's findings and prints its report when there is something to say, with at most
 * `max` findings of one rule; *status gets the worst of all refs. */
bool pd_hook_report(pd_context *context, size_t max, int *status, pd_error *err) PD_CHECKED;

#endif
