#include "domain/event.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define HEX_DIGITS "0123456789abcdef"
#define BRANCH_MAX 255

/* Where each event keeps its base: an object, and a key of it. */
static const struct {
    const char *event;
    const char *object; /* NULL: the payload itself */
    const char *inner;  /* NULL: the object itself */
    const char *key;
} places[] = {
    {"merge_group", "merge_group", NULL, "base_sha"},
    {"pull_request", "pull_request", "base", "sha"},
    {"pull_request_target", "pull_request", "base", "sha"},
    {"push", NULL, NULL, "before"},
};

static const json_t *step(const json_t *from, const char *key)
{
    return key == NULL ? from : json_object_get(from, key);
}

static bool is_oid(const char *text)
{
    size_t len = strlen(text);
    return (len == 40 || len == 64) && strspn(text, HEX_DIGITS) == len;
}

static bool read_base(const char *name, const json_t *root, pd_event *out, pd_error *err)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strcmp(places[i].event, name) != 0)
            continue;
        const json_t *object = step(step(root, places[i].object), places[i].inner);
        const char *oid = json_string_value(json_object_get(object, places[i].key));
        if (oid == NULL || !is_oid(oid)) {
            pd_fail(err, PD_ERROR_UNREACHABLE, "the event file names no base for %s", name);
            return pd_error_hint(err, "Name the base yourself: --base REV.");
        }
        const char *after = json_string_value(json_object_get(object, "after"));
        if (strcmp(name, "push") == 0 && after != NULL && is_oid(after))
            memcpy(out->after, after, strlen(after) + 1);
        /* A branch that was just made has no commit before: all zeros. */
        if (strspn(oid, "0") < strlen(oid))
            memcpy(out->base, oid, strlen(oid) + 1);
    }
    return true;
}

/* What may stand in a ref's name (git-check-ref-format(1)). */
static bool is_branch(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > BRANCH_MAX || name[0] == '-' || strstr(name, "..") != NULL ||
        strstr(name, "@{") != NULL)
        return false;
    for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++)
        if (*p <= ' ' || *p == 0x7f || strchr("~^:?*[\\", *p) != NULL)
            return false;
    return true;
}

bool pd_event_parse(pd_arena *arena, const char *name, const char *text, size_t len, pd_event *out,
                    pd_error *err)
{
    pd_json_error trouble = {0};
    *out = (pd_event){0};
    PD_AUTO_JSON root = pd_json_parse(text, len, &trouble);
    if (root == NULL) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "the event file is not JSON");
        return pd_error_detail(err, "line %d, column %d: %s", trouble.line, trouble.column,
                               trouble.message);
    }
    const char *branch =
        json_string_value(json_object_get(json_object_get(root, "repository"), "default_branch"));
    if (branch != NULL && is_branch(branch))
        out->default_branch = pd_arena_strdup(arena, branch);
    return read_base(name, root, out, err);
}
