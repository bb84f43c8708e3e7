/* The parts of documents in machine formats; one file a format. */
#ifndef PD_RENDER_FORMAT_H
#define PD_RENDER_FORMAT_H

#include "base/strbuf.h"
#include "domain/report.h"

void pd_render_sarif_run(const pd_report *report, pd_strbuf *out);    /* one run object */
void pd_render_github(const pd_report *report, pd_strbuf *out);       /* lines for the runner */
void pd_render_junit_suites(const pd_report *report, pd_strbuf *out); /* testsuite elements */

#endif
