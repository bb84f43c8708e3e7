/* What a step of GitHub Actions leaves behind, beside its annotations. */
#ifndef PD_CLI_STEP_FILES_H
#define PD_CLI_STEP_FILES_H

#include "base/secret.h"
#include "domain/report.h"

/* Appends a summary to the file that GITHUB_STEP_SUMMARY names, and outputs to that of
 * GITHUB_OUTPUT; without the variable nothing is written. What cannot be written is said on
 * stderr and changes no verdict. */
void pd_step_files_append(const pd_report *report, const pd_secrets *secrets);

#endif
