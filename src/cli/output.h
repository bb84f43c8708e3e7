/* What a command prints: the report on stdout, made safe and redacted, and checked to be out. */
#ifndef PD_CLI_OUTPUT_H
#define PD_CLI_OUTPUT_H

#include "cli/context.h"
#include "layout/manifest.h"

/* Whether --format asks for json; an unknown format is PD_ERROR_USAGE. */
bool pd_output_check(const pd_context *context, pd_error *err) PD_CHECKED;

/* Progress on stderr as the options and the terminal have it. */
void pd_output_start(pd_context *context);

/* Prints the report. An error before a revision was read goes to stderr, all else to stdout.
 * False when it could not be written. */
bool pd_output_report(pd_context *context) PD_CHECKED;

/* Prints what record did; written: the file is another than before. */
void pd_print_record(pd_context *context, const pd_record *record, bool written);

/* Prints redacted text as it is; no report follows. False when it could not be written. */
bool pd_output_text(pd_context *context, FILE *stream, const char *text);

#endif
