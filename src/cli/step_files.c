#include "cli/step_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/str.h"
#include "cli/document.h"
#include "render/render.h"

#define SUMMARY_MAX ((size_t)1 << 20) /* the runner's limit of a step's summary */

static void append(const char *variable, pd_strbuf *text, const pd_secrets *secrets)
{
    pd_error err = {0};
    pd_document_redact(secrets, text);
    if (!pd_file_append(getenv(variable), text->data, text->len, &err))
        fprintf(stderr, "predeploy: cannot write the file of %s: %s\n", variable, err.detail);
}

/* What other commands of the step have left of it. */
static size_t summary_room(const char *path)
{
    struct stat found = {0};
    if (stat(path, &found) != 0 || found.st_size <= 0)
        return SUMMARY_MAX;
    size_t used = (size_t)found.st_size;
    return used < SUMMARY_MAX ? SUMMARY_MAX - used : 0;
}

void pd_step_files_append(const pd_report *report, const pd_secrets *secrets)
{
    const char *summary = getenv("GITHUB_STEP_SUMMARY");
    if (summary != NULL && summary[0] != '\0') {
        PD_AUTO_STRBUF text = pd_strbuf_new(SUMMARY_MAX);
        pd_render_github_summary(report, summary_room(summary), &text);
        append("GITHUB_STEP_SUMMARY", &text, secrets);
    }
    if (pd_blank(getenv("GITHUB_OUTPUT")))
        return;
    PD_AUTO_STRBUF outputs = pd_strbuf_new(PD_STRBUF_MAX);
    char uuid[37];
    char delimiter[48];
    do {
        pd_uuid(uuid);
        snprintf(delimiter, sizeof delimiter, "predeploy-%s", uuid);
    } while (!pd_render_github_outputs(report, delimiter, &outputs));
    append("GITHUB_OUTPUT", &outputs, secrets);
}
