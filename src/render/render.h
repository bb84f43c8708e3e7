/* Report to bytes; one file a format, all pure. */
#ifndef PD_RENDER_RENDER_H
#define PD_RENDER_RENDER_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "domain/report.h"

typedef struct pd_render_options {
    bool color;
    bool quiet;   /* only findings, failures and errors, and the last line */
    bool verbose; /* also the statements of the plan, object ids and times */
    int width;    /* columns, 40 to 200 */
} pd_render_options;

/* Appends the report for people. Colour is written only when asked for; foreign text is made
 * printable and never begins a line. The last line says whether the gate is open. */
void pd_render_human(const pd_report *report, const pd_render_options *options, pd_strbuf *out);

/* One object as docs/report.schema.json describes it, with a line feed behind. */
void pd_render_json(const pd_report *report, pd_strbuf *out);

#endif
