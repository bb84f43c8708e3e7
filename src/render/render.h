/* Report to bytes; one file a format, all pure. */
#ifndef PD_RENDER_RENDER_H
#define PD_RENDER_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "domain/report.h"
#include "domain/settings_values.h"

/* docs/output.md describes each. */
typedef enum pd_format {
    PD_FORMAT_HUMAN,
    PD_FORMAT_JSON,
    PD_FORMAT_SARIF,
    PD_FORMAT_GITHUB,
    PD_FORMAT_JUNIT,
} pd_format;

extern const pd_value_word pd_format_words[];

/* False when there is no such format. */
bool pd_format_find(const char *name, pd_format *out);

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

/* Appends what the report is in a machine format: the part of a document. Not for people. */
void pd_render_part(pd_format format, const pd_report *report, pd_strbuf *out);

/* Puts the parts together to one document. JSON: several says whether it is an array of reports
 * (of any number) or the one report. */
void pd_render_document(pd_format format, bool several, const char *const *parts, size_t count,
                        pd_strbuf *out);

/* A summary of the job, in Markdown, of at most max bytes: what does not fit is counted and left
 * out. Foreign text stands in code spans only, so that it is never a link, HTML or a cell. */
void pd_render_github_summary(const pd_report *report, size_t max, pd_strbuf *out);

/* The outputs of the step, each between two lines with the delimiter. False, and nothing is
 * appended, when a value holds the delimiter. */
bool pd_render_github_outputs(const pd_report *report, const char *delimiter,
                              pd_strbuf *out) PD_CHECKED;

#endif
