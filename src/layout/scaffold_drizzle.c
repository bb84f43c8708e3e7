/* What a new migration needs of drizzle-kit's own files: the journal's entry, and the snapshot that
 * the next `drizzle-kit generate` goes on from. */
#include <string.h>

#include "base/json.h"
#include "layout/scaffold_parts.h"

#define DIGITS "0123456789"
#define FIRST_PARENT "00000000-0000-0000-0000-000000000000"
#define FOLDER_SNAPSHOT "/snapshot.json"
#define META "meta/"
#define INTEGER_MAX 9007199254740991 /* 2^53-1: beyond it JavaScript's numbers have gaps */

#define EMPTY_JOURNAL                                                                              \
    "{\n  \"version\": \"7\",\n  \"dialect\": \"postgresql\",\n  \"entries\": []\n}"

#define EMPTY_SCHEMA                                                                               \
    "{\"id\": \"\", \"prevId\": \"" FIRST_PARENT "\", \"version\": \"7\", "                        \
    "\"dialect\": \"postgresql\", \"tables\": {}, \"enums\": {}, \"schemas\": {}, "                \
    "\"sequences\": {}, \"roles\": {}, \"policies\": {}, \"views\": {}, \"_meta\": {}}"

/* drizzle-kit pads an index to INDEX_DIGITS; from STAMP_DIGITS on the digits of a tag are a time.
 */
enum { INDEX_DIGITS = 4, STAMP_DIGITS = 8 };

static const pd_entry *find_file(const pd_scaffold_input *input, const char *path)
{
    for (size_t i = 0; i < input->file_count; i++)
        if (strcmp(input->files[i].path, path) == 0 && input->files[i].data != NULL)
            return &input->files[i];
    return NULL;
}

static bool is_kit_snapshot(const char *path)
{
    return pd_starts_with(path, META) && path[strlen(META)] != '_' &&
           strchr(path + strlen(META), '/') == NULL && pd_ends_with(path, ".json");
}

static bool is_folder_snapshot(const char *path)
{
    const char *slash = strchr(path, '/');
    return slash != NULL && strcmp(slash, FOLDER_SNAPSHOT) == 0;
}

void pd_scaffold_wanted(pd_arena *arena, const pd_snapshot *snapshot, pd_layout_kind layout,
                        pd_entry **out, size_t *count)
{
    const pd_entry *newest = NULL;
    size_t capacity = 0;
    *out = NULL;
    *count = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        const pd_entry *entry = &snapshot->entries[i];
        bool journal = layout == PD_LAYOUT_DRIZZLE && strcmp(entry->path, PD_JOURNAL_FILE) == 0;
        bool folder = layout == PD_LAYOUT_DRIZZLE_FOLDERS && is_folder_snapshot(entry->path);
        if (layout == PD_LAYOUT_DRIZZLE && is_kit_snapshot(entry->path))
            newest = entry; /* drizzle-kit goes on from the last in the order of names */
        if (journal || folder)
            *PD_PUSH(arena, *out, *count, capacity) = (pd_entry){.path = entry->path};
    }
    if (newest != NULL)
        *PD_PUSH(arena, *out, *count, capacity) = (pd_entry){.path = newest->path};
}

static bool fail_file(pd_error *err, const char *path, const char *what)
{
    pd_fail(err, PD_ERROR_USAGE, "cannot go on from %s: %s", path, what);
    return pd_error_hint(err, "`drizzle-kit check` says what is wrong with it; the history of the "
                              "repository has its last good version.");
}

/* ---- the journal ---- */

/* NULL with an error when a new entry cannot be made of what stands there. */
static json_t *parse_journal(const pd_scaffold_input *input, pd_error *err)
{
    const pd_entry *file = find_file(input, PD_JOURNAL_FILE);
    pd_json_error error = {0};
    json_t *root = file == NULL ? pd_json_parse(EMPTY_JOURNAL, strlen(EMPTY_JOURNAL), &error)
                                : pd_json_parse(file->data, (size_t)file->size, &error);
    if (root != NULL && json_is_array(json_object_get(root, "entries")))
        return root;
    fail_file(err, PD_JOURNAL_FILE, root == NULL ? error.message : "it has no entries");
    json_decref(root);
    return NULL;
}

/* -1 when it is none that can be counted on. */
static int64_t integer_of(const json_t *entry, const char *key)
{
    const json_t *value = json_object_get(entry, key);
    int64_t number = json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
    return number >= 0 && number < INTEGER_MAX ? number : -1;
}

/* The largest number that an index of files or entries has, -1 when there is none. */
static int64_t largest_index(const json_t *entries)
{
    int64_t largest = -1;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        const char *tag = json_string_value(json_object_get(entry, "tag"));
        size_t len = tag == NULL ? 0 : strspn(tag, DIGITS);
        char digits[STAMP_DIGITS] = "";
        uint64_t number = 0;
        if (len > 0 && len < sizeof digits)
            memcpy(digits, tag, len);
        if (pd_parse_uint(digits, INT32_MAX, &number) && (int64_t)number > largest)
            largest = (int64_t)number;
        if (integer_of(entry, "idx") > largest && integer_of(entry, "idx") < INT32_MAX)
            largest = integer_of(entry, "idx");
    }
    return largest;
}

/* `drizzle-kit generate` counts in four digits on from the last idx, or takes the time. */
static const char *next_prefix(pd_arena *arena, const json_t *entries, int64_t now_ms, int64_t *idx)
{
    size_t count = json_array_size(entries);
    const json_t *last = json_array_get(entries, count - 1);
    const char *tag = count == 0 ? "0000" : json_string_value(json_object_get(last, "tag"));
    size_t len = tag == NULL ? 0 : strspn(tag, DIGITS);
    if (len == 0)
        return NULL;
    if (len < STAMP_DIGITS) {
        *idx = largest_index(entries) + 1;
        return pd_arena_printf(arena, "%0*lld", len < INDEX_DIGITS ? INDEX_DIGITS : (int)len,
                               (long long)*idx);
    }
    *idx = integer_of(last, "idx") >= 0 ? integer_of(last, "idx") + 1 : (int64_t)count;
    return pd_next_version(arena, pd_arena_strndup(arena, tag, len), "0000", now_ms);
}

bool pd_journal_plan(pd_arena *arena, const pd_scaffold_input *input, const char *title,
                     pd_journal_next *out, pd_error *err)
{
    PD_AUTO_JSON root = parse_journal(input, err);
    const json_t *entries = json_object_get(root, "entries");
    if (root == NULL)
        return false;
    out->when = input->now_ms;
    for (size_t i = 0; i < json_array_size(entries); i++) {
        int64_t when = integer_of(json_array_get(entries, i), "when");
        if (when >= out->when)
            out->when = when + 1;
    }
    out->prefix = next_prefix(arena, entries, input->now_ms, &out->idx);
    if (out->prefix == NULL) {
        pd_fail(err, PD_ERROR_USAGE,
                "cannot tell the next number of the journal: the last entry "
                "has none");
        return pd_error_hint(err, "`drizzle-kit generate --custom` writes the migration in this "
                                  "form; then `predeploy new --companions`.");
    }
    out->tag = pd_arena_printf(arena, "%s_%s", out->prefix, title);
    return true;
}

/* Where the array "entries" of the root ends: `close` is its bracket, `last` stands behind the last
 * byte in front of it that is not blank. The text is well-formed JSON. */
static bool find_end(const char *text, size_t len, size_t *last, size_t *close)
{
    int depth = 0;
    bool entries = false;
    for (size_t at = 0; at < len; at++) {
        if (text[at] == '"') {
            size_t start = at + 1;
            for (at++; at < len && text[at] != '"'; at++)
                at += text[at] == '\\';
            if (depth == 1 && at < len && text[at + 1 + strspn(text + at + 1, " \t\r\n")] == ':')
                entries = at - start == 7 && memcmp(text + start, "entries", 7) == 0;
        } else if (text[at] == '{' || text[at] == '[') {
            depth++;
        } else if (text[at] == '}' || text[at] == ']') {
            depth--;
            if (entries && depth == 1 && text[at] == ']') {
                *close = at;
                for (*last = at; strchr(" \t\r\n", text[*last - 1]) != NULL;)
                    --*last;
                return true;
            }
        }
    }
    return false;
}

/* The version that the other entries have, NULL when none has one. */
static const char *version_text(pd_arena *arena, const json_t *root)
{
    const json_t *entries = json_object_get(root, "entries");
    const json_t *last = json_array_get(entries, json_array_size(entries) - 1);
    const json_t *version = json_object_get(last, "version");
    const char *text = json_string_value(version);
    if (text == NULL || text[0] == '\0' || strspn(text, DIGITS) != strlen(text))
        version = json_object_get(root, "version");
    if (!json_is_string(version) && !json_is_integer(version))
        return NULL;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_json_write(&out, version, false);
    return pd_strbuf_keep(&out, arena);
}

/* In the line endings of the text around it. */
static void add_lines(pd_strbuf *out, const char *lines, bool crlf)
{
    for (; *lines != '\0'; lines++) {
        if (*lines == '\n' && crlf)
            pd_strbuf_addc(out, '\r');
        pd_strbuf_addc(out, *lines);
    }
}

static bool add_entry(pd_arena *arena, const pd_scaffold_input *input, const pd_journal_next *next,
                      pd_scaffold *out, pd_error *err)
{
    const pd_entry *file = find_file(input, PD_JOURNAL_FILE);
    const char *text = file == NULL ? EMPTY_JOURNAL : file->data;
    size_t len = file == NULL ? strlen(text) : (size_t)file->size;
    PD_AUTO_JSON root = parse_journal(input, err);
    size_t last = 0;
    size_t close = 0;
    if (root == NULL || !find_end(text, len, &last, &close))
        return root != NULL && fail_file(err, PD_JOURNAL_FILE, "its entries were not found");
    const char *version = version_text(arena, root);
    if (version == NULL)
        return fail_file(err, PD_JOURNAL_FILE, "it has no version");
    bool crlf = memchr(text, '\r', len) != NULL;
    PD_AUTO_STRBUF edited = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_add(&edited, text, last);
    add_lines(&edited,
              pd_arena_printf(arena,
                              "%s\n    {\n      \"idx\": %lld,\n      \"version\": %s,\n"
                              "      \"when\": %lld,\n      \"tag\": \"%s\",\n"
                              "      \"breakpoints\": true\n    }\n  ",
                              text[last - 1] == '[' ? "" : ",", (long long)next->idx, version,
                              (long long)next->when, next->tag),
              crlf);
    pd_strbuf_add(&edited, text + close, len - close);
    pd_scaffold_add(arena, out, PD_JOURNAL_FILE, pd_strbuf_keep(&edited, arena), file != NULL);
    return true;
}

/* ---- snapshots ---- */

static json_t *parse_snapshot(const pd_entry *file, pd_error *err)
{
    pd_json_error error = {0};
    json_t *root =
        file->data == NULL ? NULL : pd_json_parse(file->data, (size_t)file->size, &error);
    if (root != NULL && json_is_string(json_object_get(root, "id")))
        return root;
    fail_file(err, file->path,
              file->data == NULL ? "it could not be read"
              : root == NULL     ? error.message
                                 : "it has no id");
    json_decref(root);
    return NULL;
}

static void add_json(pd_arena *arena, pd_scaffold *out, const char *entry, const json_t *root)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_json_write(&text, root, true);
    pd_scaffold_add(arena, out, entry, pd_strbuf_keep(&text, arena), false);
}

/* The newest snapshot with a new id, whose parent it is: a custom migration changes no schema. */
static bool add_kit_snapshot(pd_arena *arena, const pd_scaffold_input *input,
                             const pd_journal_next *next, pd_scaffold *out, pd_error *err)
{
    const pd_entry *newest = NULL;
    for (size_t i = 0; i < input->file_count; i++)
        if (is_kit_snapshot(input->files[i].path))
            newest = &input->files[i];
    if (newest == NULL && input->set->count > 0)
        return true; /* a project without snapshots goes on without */
    const pd_entry first = {.path = "", .data = EMPTY_SCHEMA, .size = strlen(EMPTY_SCHEMA)};
    PD_AUTO_JSON root = parse_snapshot(newest == NULL ? &first : newest, err);
    if (root == NULL)
        return false;
    if (newest != NULL)
        json_object_set(root, "prevId", json_object_get(root, "id"));
    json_object_set_new(root, "id", json_string(input->uuid));
    json_object_set_new(root, "_meta",
                        json_pack("{s:{},s:{},s:{}}", "columns", "schemas", "tables"));
    add_json(arena, out, pd_arena_printf(arena, META "%s_snapshot.json", next->prefix), root);
    return true;
}

bool pd_scaffold_journal(pd_arena *arena, const pd_scaffold_input *input,
                         const pd_journal_next *next, pd_scaffold *out, pd_error *err)
{
    return add_kit_snapshot(arena, input, next, out, err) &&
           add_entry(arena, input, next, out, err);
}

/* Snapshots that no other one names as a parent, the newest first; *one is the newest's text. */
static json_t *find_leaves(const pd_scaffold_input *input, json_t **newest, pd_error *err)
{
    PD_AUTO_JSON ids = json_object(); /* in order of the folders */
    PD_AUTO_JSON parents = json_object();
    for (size_t i = 0; i < input->file_count; i++) {
        json_t *root = parse_snapshot(&input->files[i], err);
        if (root == NULL)
            return NULL;
        const json_t *prev = json_object_get(root, "prevIds");
        for (size_t j = 0; j < json_array_size(prev); j++) {
            const char *id = json_string_value(json_array_get(prev, j));
            if (id != NULL)
                json_object_set_new(parents, id, json_true());
        }
        json_object_set_new(ids, json_string_value(json_object_get(root, "id")), json_true());
        json_decref(*newest);
        *newest = root;
    }
    json_t *leaves = json_array();
    const char *id = NULL;
    json_t *unused = NULL;
    json_object_foreach(ids, id, unused) if (json_object_get(parents, id) == NULL)
        json_array_insert_new(leaves, 0, json_string(id));
    return leaves;
}

/* Version 9 tells differences, of which a custom migration has none; older ones the whole schema.
 */
static json_t *make_folder_snapshot(const char *uuid, json_t *newest, json_t *leaves, pd_error *err)
{
    const char *version = json_string_value(json_object_get(newest, "version"));
    if (newest == NULL)
        return json_pack("{s:s, s:s, s:s, s:s, s:[s], s:[], s:[]}", "type", "base", "version", "9",
                         "dialect", "postgres", "id", uuid, "prevIds", FIRST_PARENT, "footprints",
                         "ddl");
    if (pd_streq(version, "9"))
        return json_pack("{s:s, s:s, s:s, s:s, s:O, s:[], s:[]}", "type", "diff", "version", "9",
                         "dialect", "postgres", "id", uuid, "prevIds", leaves, "footprints",
                         "deltas");
    if (json_array_size(leaves) != 1) {
        pd_fail(err, PD_ERROR_USAGE, "cannot go on from %zu branches of migrations at once",
                json_array_size(leaves));
        pd_error_hint(err, "`drizzle-kit generate --custom` joins them; then `predeploy new "
                           "--companions`.");
        return NULL;
    }
    json_object_set(newest, "prevIds", leaves);
    json_object_set_new(newest, "id", json_string(uuid));
    return json_incref(newest);
}

bool pd_scaffold_folder_snapshot(pd_arena *arena, const pd_scaffold_input *input, const char *name,
                                 pd_scaffold *out, pd_error *err)
{
    if (input->file_count == 0 && input->set->count > 0)
        return true; /* a project without snapshots goes on without */
    PD_AUTO_JSON newest = NULL;
    PD_AUTO_JSON leaves = find_leaves(input, &newest, err);
    PD_AUTO_JSON root =
        leaves == NULL ? NULL : make_folder_snapshot(input->uuid, newest, leaves, err);
    if (root == NULL)
        return false;
    add_json(arena, out, pd_arena_printf(arena, "%s" FOLDER_SNAPSHOT, name), root);
    return true;
}
