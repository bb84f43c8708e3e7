#include "layout/journal.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "domain/migration.h"
#include "layout/reader.h"

#define WHEN_MAX 9007199254740991 /* 2^53-1: beyond it JavaScript's numbers have gaps */

typedef struct journal_reader {
    pd_arena *arena;
    const char *path;
    const char *text;
    const char *end;
    pd_findings *findings;
} journal_reader;

static void place(journal_reader *reader, pd_finding *finding, pd_spot spot)
{
    pd_finding_in_line(reader->findings, finding, reader->text + spot.line_start, reader->end,
                       spot.offset, spot.line);
}

static void report_malformed(journal_reader *reader, const pd_json_error *error)
{
    const char *line = reader->text;
    for (int i = 1; i < error->line; i++) {
        const char *feed = memchr(line, '\n', (size_t)(reader->end - line));
        if (feed == NULL) {
            break;
        }
        line = feed + 1;
    }
    size_t chars = error->column > 0 ? (size_t)error->column - 1 : 0;
    const char *feed = memchr(line, '\n', (size_t)(reader->end - line));
    size_t line_len = (size_t)((feed == NULL ? reader->end : feed) - line);
    pd_finding *finding = pd_find(reader->findings, PD_RULE_JOURNAL_MALFORMED, reader->path,
                                  "%s is not JSON: %s", PD_JOURNAL_FILE, error->message);
    pd_finding_in_line(reader->findings, finding, line, reader->end,
                       pd_utf8_offset(line, line_len, chars), error->line);
    finding->place.column = error->column;
    pd_finding_hint(reader->findings, finding,
                    "Mend it by hand, or take the last good one: `git log -- %s` shows its "
                    "versions.",
                    reader->path);
}

static void report_invalid(journal_reader *reader, const char *what, const char *hint)
{
    pd_finding *finding = pd_find(reader->findings, PD_RULE_JOURNAL_INVALID, reader->path, "%s %s",
                                  PD_JOURNAL_FILE, what);
    pd_finding_hint(reader->findings, finding, "%s", hint);
}

static bool is_version(const json_t *version)
{
    if (json_is_integer(version)) {
        return json_integer_value(version) >= 5 && json_integer_value(version) <= 7;
    }
    const char *text = json_string_value(version);
    return text != NULL &&
           (strcmp(text, "5") == 0 || strcmp(text, "6") == 0 || strcmp(text, "7") == 0);
}

/* The array of entries, or NULL with a finding. */
static const json_t *check_head(journal_reader *reader, const json_t *root)
{
    if (!json_is_object(root)) {
        report_invalid(reader, "is not a JSON object",
                       "drizzle-kit writes one with version, dialect and entries: take it from "
                       "the history of the repository.");
        return NULL;
    }
    if (!is_version(json_object_get(root, "version"))) {
        report_invalid(reader, "is of no version that is known here: 5, 6 or 7 are",
                       "Upgrade the folder with `drizzle-kit up`, or predeploy.");
        return NULL;
    }
    const char *dialect = json_string_value(json_object_get(root, "dialect"));
    if (!pd_streq(dialect, "postgresql") && !pd_streq(dialect, "pg")) {
        report_invalid(reader, "is not of dialect postgresql",
                       "predeploy deploys to PostgreSQL only. Is it the right folder? "
                       "`git config -f .predeploy migrations.path FOLDER` names it.");
        return NULL;
    }
    const json_t *entries = json_object_get(root, "entries");
    if (!json_is_array(entries)) {
        report_invalid(reader, "has no array \"entries\"",
                       "drizzle-kit writes one, \"entries\": [] when there is no migration.");
        return NULL;
    }
    if (json_array_size(entries) > PD_ENTRIES_MAX) {
        report_invalid(reader, "has more entries than a folder may have files",
                       "Is it the right folder?");
        return NULL;
    }
    return entries;
}

static void report_entry(journal_reader *reader, const pd_journal_entry *entry, pd_spot spot,
                         const char *what, const char *hint)
{
    pd_finding *finding = entry->tag == NULL
                              ? pd_find(reader->findings, PD_RULE_JOURNAL_INVALID, reader->path,
                                        "entries[%zu] %s", entry->index, what)
                              : pd_find(reader->findings, PD_RULE_JOURNAL_INVALID, reader->path,
                                        "entries[%zu] \"%s\" %s", entry->index, entry->tag, what);
    place(reader, finding, spot);
    pd_finding_hint(reader->findings, finding, "%s", hint);
}

static bool read_tag(journal_reader *reader, const json_t *value, pd_journal_entry *entry)
{
    const char *tag = json_string_value(json_object_get(value, "tag"));
    const char *what = NULL;
    if (!json_is_object(value)) {
        what = "is not an object";
    } else if (tag == NULL) {
        what = "has no string \"tag\"";
    } else if (*tag == '\0') {
        what = "has an empty \"tag\"";
    } else if (strchr(tag, '/') != NULL || strcmp(tag, "..") == 0 || strcmp(tag, ".") == 0) {
        what = "has a \"tag\" that is no plain file name: Drizzle would read a file elsewhere";
    }
    if (what != NULL) {
        report_entry(reader, entry, entry->tag_spot, what,
                     "The tag is the migration's file name without .sql: write it as it is in "
                     "the folder, or remove the entry when it was applied nowhere.");
        return false;
    }
    entry->tag = pd_arena_strdup(reader->arena, tag);
    return true;
}

/* What Drizzle would make of a `when` that is no whole number (observed, not documented). */
static const char *what_is_wrong(const json_t *when)
{
    if (when == NULL) {
        return "has no \"when\": Drizzle would record no time, and skip or repeat migrations";
    }
    if (json_is_null(when)) {
        return "has null as \"when\": Drizzle would record no time, and then run every migration "
               "again";
    }
    if (json_is_string(when)) {
        return "has a string as \"when\": Drizzle turns it into a number, as it likes";
    }
    if (json_is_real(when)) {
        return "has a \"when\" with a fraction or an exponent: Drizzle would run the migration and "
               "fail to record a fraction";
    }
    if (json_is_integer(when)) {
        return "has a \"when\" out of the range from 0 to 9007199254740991";
    }
    return "has a \"when\" that is no number: Drizzle would fail to record it";
}

static void read_when(journal_reader *reader, const json_t *value, pd_journal_entry *entry)
{
    const json_t *when = json_object_get(value, "when");
    if (json_is_integer(when) && json_integer_value(when) >= 0 &&
        json_integer_value(when) <= WHEN_MAX) {
        entry->has_when = true;
        entry->when = (int64_t)json_integer_value(when);
        return;
    }
    report_entry(reader, entry, entry->when_spot.line > 0 ? entry->when_spot : entry->tag_spot,
                 what_is_wrong(when),
                 "Write the time of its generation in milliseconds, a whole number above that of "
                 "the entry in front; one that is applied already has it as created_at in "
                 "Drizzle's table.");
}

static void read_entries(journal_reader *reader, const json_t *entries, pd_journal *out)
{
    size_t count = json_array_size(entries);
    pd_spot *tags = pd_arena_array(reader->arena, count + 1, sizeof *tags);
    pd_spot *whens = pd_arena_array(reader->arena, count + 1, sizeof *whens);
    pd_journal_locate(reader->text, (size_t)(reader->end - reader->text), tags, whens, count);
    out->complete = true;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(entries, i);
        pd_journal_entry entry = {.index = i, .tag_spot = tags[i], .when_spot = whens[i]};
        if (!read_tag(reader, value, &entry)) {
            out->complete = false;
            continue;
        }
        read_when(reader, value, &entry);
        *PD_PUSH(reader->arena, out->entries, out->count, out->capacity) = entry;
    }
}

bool pd_journal_read_json(pd_arena *arena, const char *path, const char *text, size_t len,
                          pd_findings *findings, pd_journal *out)
{
    journal_reader reader = {
        .arena = arena, .path = path, .text = text, .end = text + len, .findings = findings};
    pd_json_error error = {0};
    *out = (pd_journal){0};
    PD_AUTO_JSON root = pd_json_parse(text, len, &error);
    if (root == NULL) {
        report_malformed(&reader, &error);
        return false;
    }
    const json_t *entries = check_head(&reader, root);
    if (entries == NULL) {
        return false;
    }
    read_entries(&reader, entries, out);
    return true;
}

bool pd_journal_read(pd_arena *arena, const char *path, const char *text, size_t len,
                     pd_findings *findings, pd_journal *out)
{
    return pd_journal_read_quick(arena, text, len, out) ||
           pd_journal_read_json(arena, path, text, len, findings, out);
}
