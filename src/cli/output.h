/* What a command prints: the report on stdout, made safe and redacted, and checked to be out. */
#ifndef PD_CLI_OUTPUT_H
#define PD_CLI_OUTPUT_H

#include "cli/context.h"
#include "layout/manifest.h"

/* Whether --format and --color are known, and the format one that the command has; else
 * PD_ERROR_USAGE. */
bool pd_output_check(const pd_context *context, pd_error *err) PD_CHECKED;

/* Columns of the terminal behind a file descriptor; 80 when there is none. */
int pd_output_width(int fd);

/* Whether --format takes these words: one format, or PRINTED,FILE. */
bool pd_output_knows(const char *formats);

/* Progress on stderr as the options and the terminal have it. */
void pd_output_start(pd_context *context);

/* Makes sure, before anything else is done, that the file of --output can be written; else
 * PD_ERROR_UNREACHABLE. */
bool pd_output_reserve(pd_context *context, pd_error *err) PD_CHECKED;

/* Prints the report for people, or keeps its part of the document that stdout gets, and with
 * --output its part of the file's. For people, an error before a revision was read goes to stderr,
 * all else to stdout. False, and stderr says so, when it could not be written. */
bool pd_output_report(pd_context *context) PD_CHECKED;

/* Writes the documents of machine formats, as far as there are any, to stdout and the file of
 * --output. False, and stderr says so, when one could not be written. */
bool pd_output_end(pd_context *context) PD_CHECKED;

/* For commands with an output of their own: whether stdout gets it as JSON. */
bool pd_output_is_json(const pd_context *context);

/* Prints what such a command did, as people read it or as JSON; the JSON also to the file of
 * --output. No report follows. */
void pd_output_own(pd_context *context, const char *human, const char *json);

/* Prints what record did, with --check what it would do; written: the file is another than before.
 */
void pd_print_record(pd_context *context, const pd_record *record, bool written);

/* Prints redacted text as it is; no report follows. False when it could not be written. */
bool pd_output_text(pd_context *context, FILE *stream, const char *text);

#endif
