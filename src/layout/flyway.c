/* What Flyway's files say beside their names: baselines, placeholders, script configurations. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "layout/pairs.h"

#define BLANKS " \t\r"

static void drop_baseline(pd_reader *reader, pd_pair_file *file)
{
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_SQL_OUTSIDE_SET, pd_tree_path(reader, file->entry),
                "%s is a baseline: the migrations that it sums up are here, and are run instead",
                file->entry);
    pd_finding_hint(reader->findings, finding,
                    "Flyway runs it on empty databases only. Leave it, or remove what it sums up "
                    "once no database needs that any more.");
    pd_take(reader, pd_snapshot_find(reader->snapshot, file->entry));
    file->dropped = true;
}

/* The lowest version of a migration, NULL when there is none. */
static const char *lowest_version(const pd_pairs *pairs, const pd_pair_file *files, size_t count)
{
    const char *lowest = NULL;
    for (size_t i = 0; i < count; i++) {
        bool lower =
            lowest == NULL || pd_version_order_compare(pairs->order, files[i].version, lowest) < 0;
        if (!files[i].down && !files[i].baseline && lower) {
            lowest = files[i].version;
        }
    }
    return lowest;
}

void pd_settle_baselines(pd_reader *reader, const pd_pairs *pairs, pd_pair_file *files,
                         size_t count)
{
    const char *lowest = lowest_version(pairs, files, count);
    pd_pair_file *kept = NULL;
    for (size_t i = 0; i < count; i++) {
        pd_pair_file *file = &files[i];
        if (!file->baseline) {
            continue;
        }
        bool first =
            lowest == NULL || pd_version_order_compare(pairs->order, file->version, lowest) < 0;
        bool newer = kept == NULL ||
                     pd_version_order_compare(pairs->order, file->version, kept->version) > 0;
        if (!first || !newer) {
            drop_baseline(reader, file);
            continue;
        }
        if (kept != NULL) {
            drop_baseline(reader, kept);
        }
        kept = file;
    }
}

/* The value that a line of a properties file gives the key, NULL when it gives it none; *value_len
 * is without the blanks behind it. */
static const char *value_of(const char *line, size_t len, const char *key, size_t *value_len)
{
    const char *end = line + len;
    size_t key_len = strlen(key);
    line += strspn(line, BLANKS);
    if ((size_t)(end - line) < key_len || strncmp(line, key, key_len) != 0) {
        return NULL;
    }
    line += key_len;
    const char *behind = line + strspn(line, BLANKS);
    bool sign = behind < end && (*behind == '=' || *behind == ':');
    if (!sign && behind == line && line < end) {
        return NULL; /* a longer key */
    }
    line = behind + sign;
    line += strspn(line, BLANKS);
    while (end > line && strchr(BLANKS, end[-1]) != NULL) {
        end--;
    }
    *value_len = line < end ? (size_t)(end - line) : 0;
    return line;
}

/* Whether a properties file gives the key that value, without regard to case; the last line of a
 * key counts. */
static bool configured(const pd_sql_file *file, const char *key, const char *value)
{
    bool given = false;
    size_t len = 0;
    if (file->data == NULL) {
        return false;
    }
    const char *end = file->data + file->len;
    for (const char *line = file->data; line < end; line += len + 1) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        len = (size_t)((feed == NULL ? end : feed) - line);
        size_t value_len = 0;
        const char *found = value_of(line, len, key, &value_len);
        if (found != NULL) {
            given = value_len == strlen(value) && strncasecmp(found, value, value_len) == 0;
        }
    }
    return given;
}

/* Offset of "${" with a "}" behind it in the same line, or len. */
static size_t placeholder_at(const char *text, size_t len)
{
    const char *end = text + len;
    for (const char *at = text; at < end; at++) {
        at = memmem(at, (size_t)(end - at), "${", 2);
        if (at == NULL) {
            return len;
        }
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        size_t line = (size_t)((feed == NULL ? end : feed) - at);
        if (memchr(at, '}', line) != NULL) {
            return (size_t)(at - text);
        }
        at += line - 1;
    }
    return len;
}

void pd_finish_flyway(pd_reader *reader, pd_migration *migration)
{
    const pd_sql_file *up = &migration->up;
    const pd_sql_file *down = &migration->down;
    pd_read_sql_file(reader, pd_arena_printf(reader->arena, "%s.conf", up->entry),
                     &migration->config);
    migration->no_transaction = configured(&migration->config, "executeInTransaction", "false");
    if (configured(&migration->config, "placeholderReplacement", "false")) {
        return;
    }
    size_t at = placeholder_at(up->data, up->len);
    if (at < up->len) {
        migration->needs_tool = "a text with placeholders that Flyway fills";
        migration->needs_tool_at = at;
    } else if (down->data != NULL && placeholder_at(down->data, down->len) < down->len) {
        migration->needs_tool = "undone by a text with placeholders that Flyway fills";
    }
}
