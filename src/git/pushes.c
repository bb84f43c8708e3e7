#include "git/pushes.h"

#include <string.h>

#include "base/str.h"

#define REFS "refs/"

/* One field, a range of the input. */
typedef struct span {
    const char *data;
    size_t len;
} span;

static bool is_oid(span text)
{
    if (text.len != 40 && text.len != 64)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return true;
}

/* Control characters are in no ref (git-check-ref-format(1)); this finds NUL and CR as well. */
static bool is_ref(span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == 0x7f)
            return false;
    }
    return text.len > 0;
}

/* Takes the last field, and the blank in front of it, off the line. */
static bool take_last(span *line, span *field)
{
    size_t at = line->len;
    while (at > 0 && line->data[at - 1] != ' ')
        at--;
    if (at == 0)
        return false;
    field->data = line->data + at;
    field->len = line->len - at;
    line->len = at - 1;
    return true;
}

static bool copy_oid(span oid, char out[PD_OID_HEX])
{
    memcpy(out, oid.data, oid.len);
    out[oid.len] = '\0';
    return strspn(out, "0") == oid.len;
}

/* Fields are taken from the end: the local ref is what the user wrote ("HEAD^{/fix it}"), the
 * only one that can hold a blank. */
static bool parse_line(pd_arena *arena, span line, pd_push *push)
{
    span remote_oid = {0};
    span remote_ref = {0};
    span local_oid = {0};
    if (!take_last(&line, &remote_oid) || !take_last(&line, &remote_ref) ||
        !take_last(&line, &local_oid))
        return false;
    if (!is_oid(local_oid) || !is_oid(remote_oid) || local_oid.len != remote_oid.len ||
        !is_ref(remote_ref) || !is_ref(line))
        return false;
    push->local_ref = pd_arena_strndup(arena, line.data, line.len);
    push->remote_ref = pd_arena_strndup(arena, remote_ref.data, remote_ref.len);
    push->deletes = copy_oid(local_oid, push->local_oid);
    push->creates = copy_oid(remote_oid, push->remote_oid);
    return true;
}

/* "<old oid> SP <new oid> SP <ref>": no field can hold a blank, and a ref has its full name. */
static bool parse_received(pd_arena *arena, span line, pd_push *push)
{
    span ref = {0};
    span new_oid = {0};
    if (!take_last(&line, &ref) || !take_last(&line, &new_oid))
        return false;
    if (!is_oid(line) || !is_oid(new_oid) || line.len != new_oid.len || !is_ref(ref) ||
        ref.len <= strlen(REFS) || memcmp(ref.data, REFS, strlen(REFS)) != 0)
        return false;
    push->local_ref = pd_arena_strndup(arena, ref.data, ref.len);
    push->remote_ref = push->local_ref;
    push->deletes = copy_oid(new_oid, push->local_oid);
    push->creates = copy_oid(line, push->remote_oid);
    return true;
}

/* The two hooks whose lines are read here. */
typedef struct line_form {
    bool (*parse)(pd_arena *arena, span line, pd_push *push);
    size_t max;
    const char *hint;
} line_form;

static const line_form pushed_form = {
    .parse = parse_line,
    .max = PD_PUSHES_MAX,
    .hint = "git calls the hook with lines of \"<local ref> <local object id> <remote ref> "
            "<remote object id>\" on standard input; see githooks(5), pre-push.",
};

static const line_form received_form = {
    .parse = parse_received,
    .max = PD_RECEIVED_MAX,
    .hint = "git calls the hook with lines of \"<old object id> <new object id> <ref>\" on "
            "standard input; see githooks(5), pre-receive.",
};

static bool fail_count(const line_form *form, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "cannot check a push of more than %zu refs", form->max);
    return pd_error_hint(err, "Push them in parts.");
}

static bool parse_all(pd_arena *arena, const line_form *form, pd_bytes text, pd_pushes *out,
                      pd_error *err)
{
    memset(out, 0, sizeof *out);
    size_t at = 0;
    while (at < text.len) {
        const char *start = text.data + at;
        const char *end = memchr(start, '\n', text.len - at);
        if (out->count == form->max)
            return fail_count(form, err);
        pd_push push = {0};
        span line = {start, end != NULL ? (size_t)(end - start) : 0};
        if (end == NULL || !form->parse(arena, line, &push)) {
            pd_fail(err, PD_ERROR_USAGE, "cannot read line %zu of the pushed refs", out->count + 1);
            return pd_error_hint(err, "%s", form->hint);
        }
        *PD_PUSH(arena, out->items, out->count, out->capacity) = push;
        at += line.len + 1;
    }
    return true;
}

bool pd_pushes_parse(pd_arena *arena, const char *text, size_t len, pd_pushes *out, pd_error *err)
{
    return parse_all(arena, &pushed_form, (pd_bytes){text, len}, out, err);
}

bool pd_received_parse(pd_arena *arena, const char *text, size_t len, pd_pushes *out, pd_error *err)
{
    return parse_all(arena, &received_form, (pd_bytes){text, len}, out, err);
}
