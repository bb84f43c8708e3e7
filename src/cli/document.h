/* The document of a machine format: its parts are kept while a run goes on, and written together
 * when it ends. */
#ifndef PD_CLI_DOCUMENT_H
#define PD_CLI_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "domain/report.h"
#include "render/render.h"

typedef struct pd_document {
    const char *path; /* of the file of --output, once it is sure that it can be written */
    bool several;     /* the command makes a report a ref */
    bool replaced;    /* the command has printed a text of its own instead */
    const char **parts;
    size_t count;
    size_t capacity;
} pd_document;

/* Keeps what the report is in that format, in the arena. */
void pd_document_add(pd_document *document, pd_format format, const pd_report *report,
                     pd_arena *arena);

/* Replaces the secrets as pd_secrets_redact does, also as the machine formats escape them. */
void pd_document_redact(const pd_secrets *secrets, pd_strbuf *text);

/* Writes a file whole or not at all, readable as the umask has it. */
bool pd_document_write(const char *path, const pd_strbuf *text, pd_error *err) PD_CHECKED;

#endif
