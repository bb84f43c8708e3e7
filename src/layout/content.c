/* What no migrations folder may hold, whatever its layout. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "layout/reader.h"

#define LFS_HEAD "version https://git-lfs.github.com/spec/"
#define BOM "\xef\xbb\xbf"

static const char *line_with(const char *text, size_t len, const char *mark)
{
    size_t mark_len = strlen(mark);
    const char *end = text + len;
    for (const char *at = text; at < end;) {
        const char *hit = memmem(at, (size_t)(end - at), mark, mark_len);
        if (hit == NULL) {
            return NULL;
        }
        if (hit == text || hit[-1] == '\n') {
            return hit;
        }
        at = hit + 1;
    }
    return NULL;
}

static void check_nul(pd_reader *reader, const pd_entry *entry, const char *path)
{
    size_t len = (size_t)entry->size;
    const char *nul = memchr(entry->data, '\0', len);
    if (nul == NULL) {
        return;
    }
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_ENTRY_NUL, path, "%s holds a NUL byte", entry->path);
    pd_finding_at(reader->findings, finding, entry->data, len, (size_t)(nul - entry->data));
    pd_finding_hint(reader->findings, finding,
                    "PostgreSQL would read the file up to that byte only. Remove it, for one with "
                    "`tr -d '\\000'`.");
}

static void check_encoding(pd_reader *reader, const pd_entry *entry, const char *path)
{
    size_t len = (size_t)entry->size;
    size_t bad = pd_utf8_invalid_at(entry->data, len);
    if (bad == len) {
        return;
    }
    pd_finding *finding = pd_find(reader->findings, PD_RULE_ENTRY_NOT_UTF8, path,
                                  "%s is not UTF-8: byte 0x%02x cannot stand here", entry->path,
                                  (unsigned char)entry->data[bad]);
    pd_finding_at(reader->findings, finding, entry->data, len, bad);
    pd_finding_hint(reader->findings, finding,
                    "Drizzle would replace such bytes in your data, and so get another hash. "
                    "Convert the file: `iconv -f LATIN1 -t UTF-8`, with the encoding that it has.");
}

/* A UTF-16 file is full of NUL bytes, too; one finding says what it is. */
static bool check_utf16(pd_reader *reader, const pd_entry *entry, const char *path)
{
    if (entry->size < 2 ||
        (memcmp(entry->data, "\xff\xfe", 2) != 0 && memcmp(entry->data, "\xfe\xff", 2) != 0)) {
        return false;
    }
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_ENTRY_NOT_UTF8, path, "%s is UTF-16", entry->path);
    finding->place.line = 1;
    finding->place.column = 1;
    pd_finding_hint(reader->findings, finding, "Convert it: `iconv -f UTF-16 -t UTF-8`.");
    return true;
}

static void check_bom(pd_reader *reader, const pd_entry *entry, const char *path)
{
    if (entry->size < 3 || memcmp(entry->data, BOM, 3) != 0) {
        return;
    }
    pd_finding *finding = pd_find(reader->findings, PD_RULE_ENTRY_BOM, path,
                                  "%s begins with a byte order mark", entry->path);
    finding->place.line = 1;
    finding->place.column = 1;
    pd_finding_hint(reader->findings, finding,
                    "PostgreSQL and Drizzle both stumble over it. Remove it: "
                    "`sed -i '1s/^\\xEF\\xBB\\xBF//'`.");
}

static void check_conflict(pd_reader *reader, const pd_entry *entry, const char *path)
{
    size_t len = (size_t)entry->size;
    const char *ours = line_with(entry->data, len, "<<<<<<< ");
    if (ours == NULL || line_with(entry->data, len, ">>>>>>> ") == NULL) {
        return;
    }
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_ENTRY_CONFLICT, path,
                "%s holds the markers of a merge that was not resolved", entry->path);
    pd_finding_at(reader->findings, finding, entry->data, len, (size_t)(ours - entry->data));
    pd_finding_hint(
        reader->findings, finding, "%s",
        strcmp(entry->path, PD_JOURNAL_FILE) == 0
            ? "Keep the entries of the branch that is published, delete the migrations of the "
              "other one, and let `drizzle-kit generate` make them anew behind."
        : strcmp(entry->path, PD_SUMS_FILE) == 0
            ? "Take either side, then let `predeploy record` write the lines that lack."
            : "Resolve the conflict and commit the result.");
}

static void check_content(pd_reader *reader, const pd_entry *entry, const char *path)
{
    size_t head = strlen(LFS_HEAD);
    if (entry->size >= head && memcmp(entry->data, LFS_HEAD, head) == 0) {
        pd_finding *finding = pd_find(
            reader->findings, PD_RULE_ENTRY_LFS, path,
            "%s is a pointer of Git LFS: its content is not in the repository", entry->path);
        pd_finding_hint(reader->findings, finding,
                        "Take it out of LFS: exclude it in .gitattributes ('%s -filter -diff "
                        "-merge text'), then `git add --renormalize` and commit.",
                        entry->path);
        return;
    }
    /* A program's encoding is a matter of its language. */
    if (pd_program_kind(entry->path) != NULL) {
        check_conflict(reader, entry, path);
        return;
    }
    if (check_utf16(reader, entry, path)) {
        return;
    }
    check_nul(reader, entry, path);
    check_encoding(reader, entry, path);
    check_bom(reader, entry, path);
    check_conflict(reader, entry, path);
}

static void check_size(pd_reader *reader, const pd_entry *entry, const char *path)
{
    if (entry->size <= PD_FILE_MAX) {
        return;
    }
    pd_finding *finding = pd_find(reader->findings, PD_RULE_ENTRY_TOO_LARGE, path,
                                  "%s has %llu bytes, more than 16 MiB", entry->path,
                                  (unsigned long long)entry->size);
    pd_finding_hint(reader->findings, finding,
                    "Split it into several migrations, or load bulk data with another tool.");
}

/* Why the last part of a name or one of its folders is not safe, or NULL. */
static const char *unsafe_name(const char *path)
{
    for (const unsigned char *p = (const unsigned char *)path; *p != '\0'; p++) {
        if (*p == '\n') {
            return "a line feed";
        }
        if (*p < 0x20 || *p == 0x7f) {
            return "a control character";
        }
    }
    size_t len = strlen(path);
    if (pd_utf8_invalid_at(path, len) < len) {
        return "bytes that are not UTF-8";
    }
    for (const char *at = path; *at != '\0';) {
        size_t part = strcspn(at, "/");
        if (part == 0 || (part <= 2 && strspn(at, ".") >= part)) {
            return "'.' or '..'";
        }
        if (at[part] == '\0' && strcasecmp(at, ".sql") == 0) {
            return "nothing in front of .sql";
        }
        at += part + (at[part] == '/');
    }
    return NULL;
}

static void check_name(pd_reader *reader, const pd_entry *entry, const char *path)
{
    size_t len = strlen(entry->path);
    bool sql = len >= 4 && strcasecmp(entry->path + len - 4, ".sql") == 0;
    if (!sql && !pd_entry_wanted(entry->path, 0)) {
        return;
    }
    const char *why = unsafe_name(entry->path);
    if (why == NULL) {
        return;
    }
    pd_finding *finding = pd_find(reader->findings, PD_RULE_ENTRY_NAME, path,
                                  "the name %s has %s in it", entry->path, why);
    pd_finding_hint(reader->findings, finding,
                    "Rename it with `git mv` (and its journal entry with it) to letters, digits, "
                    "'_', '-' and '.'.");
}

static void report_kind(pd_reader *reader, const pd_entry *entry, const char *path)
{
    if (entry->kind == PD_ENTRY_SYMLINK) {
        pd_finding *finding = pd_find(reader->findings, PD_RULE_ENTRY_SYMLINK, path,
                                      "%s is a symbolic link", entry->path);
        pd_finding_hint(reader->findings, finding,
                        "Its content is not part of what was committed here. Replace it by the "
                        "file that it points to, and commit that.");
        return;
    }
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_ENTRY_SUBMODULE, path, "%s is a submodule", entry->path);
    pd_finding_hint(reader->findings, finding,
                    "Its files are not part of this repository. Commit the migrations "
                    "themselves: `git rm --cached` it, and add the files.");
}

static void check_entry(pd_reader *reader, size_t index)
{
    const pd_entry *entry = &reader->snapshot->entries[index];
    const char *path = pd_tree_path(reader, entry->path);
    size_t before = reader->findings->count;
    if (entry->kind != PD_ENTRY_FILE) {
        report_kind(reader, entry, path);
        reader->taken[index] = true;
    } else if (pd_entry_wanted(entry->path, 0)) {
        check_size(reader, entry, path);
        if (entry->data != NULL) {
            check_content(reader, entry, path);
        }
    }
    reader->unsound[index] = reader->findings->count > before ||
                             (entry->data == NULL && pd_entry_wanted(entry->path, 0));
    if (entry->kind == PD_ENTRY_FILE) {
        check_name(reader, entry, path);
    }
}

void pd_check_entries(pd_reader *reader)
{
    for (size_t i = 0; i < reader->snapshot->count; i++) {
        check_entry(reader, i);
    }
    if (reader->snapshot->too_many) {
        const char *folder = reader->snapshot->folder;
        pd_finding *finding =
            pd_find(reader->findings, PD_RULE_ENTRY_TOO_LARGE, *folder == '\0' ? NULL : folder,
                    "the migrations folder has more than %d entries or %llu MiB, and was not read "
                    "to its end",
                    PD_ENTRIES_MAX, (unsigned long long)(PD_SET_MAX >> 20));
        pd_finding_hint(reader->findings, finding,
                        "Is it the right folder? `git config -f .predeploy migrations.path "
                        "FOLDER` names it.");
    }
}
