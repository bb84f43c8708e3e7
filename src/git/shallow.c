/* Where the history of a shallow clone ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "git/internal.h"

#define SHALLOW_FILE_MAX ((size_t)16 << 20)

static int by_oid(const void *a, const void *b)
{
    return git_oid_cmp(a, b);
}

static bool read_file(pd_git *git, pd_arena *arena, pd_bytes *out, pd_error *err)
{
    FILE *stream = fopen(git->shallow, "re");
    if (stream == NULL) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s", git->shallow);
        return pd_error_detail(err, "%s", strerror(errno));
    }
    bool done = pd_file_slurp(stream, git->shallow, SHALLOW_FILE_MAX, arena, out, err);
    fclose(stream);
    if (!done)
        err->kind = PD_ERROR_UNREACHABLE;
    return done;
}

/* The file has one object id a line: gitrepository-layout(5), "shallow". */
bool pd_git_read_ends(pd_git *git, pd_arena *arena, pd_git_ends *out, pd_error *err)
{
    pd_bytes lines = {.data = ""};
    *out = (pd_git_ends){0};
    if (!pd_git_is_shallow(git))
        return true;
    if (!read_file(git, arena, &lines, err))
        return false;
    const char *text = lines.data;
    while (*text != '\0') {
        size_t line = strcspn(text, "\n");
        git_oid *end = PD_PUSH(arena, out->items, out->count, out->capacity);
        if (git_oid_fromstrn(end, text, line) != 0)
            return pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read %s: line %zu is no object id",
                           git->shallow, out->count);
        text += line + (text[line] == '\n' ? 1 : 0);
    }
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, by_oid);
    return true;
}

bool pd_git_is_end(const pd_git_ends *ends, const git_oid *oid)
{
    return ends->count > 0 &&
           bsearch(oid, ends->items, ends->count, sizeof *ends->items, by_oid) != NULL;
}
