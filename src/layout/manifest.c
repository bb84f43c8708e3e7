#include "layout/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "layout/reader.h"

#define HASH_LEN (PD_SHA256_HEX - 1)
#define MALFORMED_SHOWN 20 /* a file that is no manifest at all is told in a few lines */

typedef struct manifest_reader {
    pd_arena *arena;
    const char *path;
    const char *end;
    pd_set *set;
    pd_findings *findings;
    const char *line; /* first byte */
    size_t len;       /* without the line feed, and without a CR in front of it */
    int number;
    size_t malformed;
    int first_cr; /* line of the first CR LF, 0 when there was none */
} manifest_reader;

static pd_finding *report(manifest_reader *self, pd_rule rule, size_t offset, const char *message)
{
    pd_finding *finding = pd_find(self->findings, rule, self->path, "%s", message);
    pd_finding_in_line(self->findings, finding, self->line, self->end, offset, self->number);
    return finding;
}

static void report_malformed(manifest_reader *self, size_t offset, const char *what)
{
    if (++self->malformed > MALFORMED_SHOWN) {
        return;
    }
    pd_finding *finding = report(self, PD_RULE_SUMS_MALFORMED, offset,
                                 pd_arena_printf(self->arena, "line %d %s", self->number, what));
    pd_finding_hint(self->findings, finding,
                    "A line is 64 hexadecimal digits, two blanks, and a path from this folder. "
                    "`predeploy record` writes the file anew.");
}

static void report_outside(manifest_reader *self, const char *entry, size_t offset)
{
    pd_finding *finding = report(
        self, PD_RULE_SUMS_OUTSIDE, offset,
        pd_arena_printf(self->arena, "line %d lists %s, which is no path inside of the folder",
                        self->number, entry));
    pd_finding_hint(self->findings, finding,
                    "Remove the line: SHA256SUMS lists files of its own folder, from that folder "
                    "on and without '..'. `predeploy record` writes the file anew.");
}

/* sha256sum's escapes of a name: \\, \n and \r. NULL when there is another one. */
static const char *unescape(pd_arena *arena, const char *name, size_t len)
{
    char *out = pd_arena_alloc(arena, len + 1);
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (c == '\\') {
            char escape = i + 1 < len ? name[++i] : '\0';
            switch (escape) {
            case '\\':
                c = '\\';
                break;
            case 'n':
                c = '\n';
                break;
            case 'r':
                c = '\r';
                break;
            default:
                return NULL;
            }
        }
        out[used++] = c;
    }
    return out;
}

static bool is_inside(const char *entry)
{
    for (const char *at = entry;; at++) {
        size_t len = strcspn(at, "/");
        if (len == 0 || (len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.')) {
            return false;
        }
        at += len;
        if (*at == '\0') {
            return true;
        }
    }
}

static void add_line(manifest_reader *self, const char *hash, const char *entry)
{
    pd_set *set = self->set;
    pd_sums_line *line = PD_PUSH(self->arena, set->sums, set->sums_count, set->sums_capacity);
    for (size_t i = 0; i < HASH_LEN; i++) {
        line->hash[i] = (char)(hash[i] >= 'A' && hash[i] <= 'F' ? hash[i] - 'A' + 'a' : hash[i]);
    }
    line->entry = entry;
    line->line = self->number;
}

static void read_line(manifest_reader *self)
{
    bool escaped = self->len > 0 && self->line[0] == '\\';
    const char *hash = self->line + escaped;
    size_t len = self->len - escaped;
    size_t start = HASH_LEN + 2;
    if (len == 0) {
        report_malformed(self, 0, "is empty");
        return;
    }
    if (len < HASH_LEN || !pd_is_sha256_hex(hash, HASH_LEN)) {
        report_malformed(self, 0, "does not begin with a SHA-256 of 64 digits");
        return;
    }
    if (len <= start || hash[HASH_LEN] != ' ' ||
        (hash[HASH_LEN + 1] != ' ' && hash[HASH_LEN + 1] != '*')) {
        report_malformed(self, escaped + (len < start ? len : HASH_LEN),
                         "has no two blanks and a path behind the hash");
        return;
    }
    const char *name = hash + start;
    size_t name_len = len - start;
    const char *entry = escaped ? unescape(self->arena, name, name_len)
                                : pd_arena_strndup(self->arena, name, name_len);
    if (entry == NULL || memchr(name, '\0', name_len) != NULL) {
        report_malformed(self, escaped + start, "has an escape that sha256sum does not write");
        return;
    }
    while (pd_starts_with(entry, "./")) {
        entry += 2;
    }
    if (!is_inside(entry)) {
        report_outside(self, entry, escaped + start);
        return;
    }
    add_line(self, hash, entry);
}

static int compare_lines(const void *left, const void *right)
{
    const pd_sums_line *a = *(const pd_sums_line *const *)left;
    const pd_sums_line *b = *(const pd_sums_line *const *)right;
    int order = strcmp(a->entry, b->entry);
    return order != 0 ? order : a->line - b->line;
}

/* Reports all but the first line of an entry, and keeps only that one. */
static void drop_duplicates(manifest_reader *self)
{
    pd_set *set = self->set;
    const pd_sums_line **sorted =
        pd_arena_array(self->arena, set->sums_count + 1, sizeof(pd_sums_line *));
    bool *drop = pd_arena_array(self->arena, set->sums_count + 1, sizeof *drop);
    for (size_t i = 0; i < set->sums_count; i++) {
        sorted[i] = &set->sums[i];
    }
    qsort(sorted, set->sums_count, sizeof(pd_sums_line *), compare_lines);
    for (size_t i = 1, first = 0; i < set->sums_count; i++) {
        if (strcmp(sorted[first]->entry, sorted[i]->entry) != 0) {
            first = i;
            continue;
        }
        drop[sorted[i] - set->sums] = true;
        pd_finding *finding =
            pd_find(self->findings, PD_RULE_SUMS_DUPLICATE, self->path,
                    "line %d lists %s again, as line %d does%s", sorted[i]->line, sorted[i]->entry,
                    sorted[first]->line,
                    strcmp(sorted[i]->hash, sorted[first]->hash) == 0 ? "" : ", with another hash");
        finding->place.line = sorted[i]->line;
        pd_finding_hint(self->findings, finding,
                        "Remove one of the two lines, or let `predeploy record` write the file "
                        "anew.");
    }
    size_t kept = 0;
    for (size_t i = 0; i < set->sums_count; i++) {
        if (!drop[i]) {
            set->sums[kept++] = set->sums[i];
        }
    }
    set->sums_count = kept;
}

static void report_summary(manifest_reader *self)
{
    if (self->malformed > MALFORMED_SHOWN) {
        pd_finding *finding =
            pd_find(self->findings, PD_RULE_SUMS_MALFORMED, self->path,
                    "%zu more lines cannot be read", self->malformed - MALFORMED_SHOWN);
        pd_finding_hint(self->findings, finding, "`predeploy record` writes the file anew.");
    }
    if (self->first_cr > 0) {
        pd_finding *finding =
            pd_find(self->findings, PD_RULE_SUMS_MALFORMED, self->path,
                    "line %d ends with CR LF, which sha256sum takes for a part of the name",
                    self->first_cr);
        finding->place.line = self->first_cr;
        pd_finding_hint(self->findings, finding,
                        "Give the file line feeds only: put `SHA256SUMS text eol=lf` into "
                        ".gitattributes, then `git add --renormalize` it, or let `predeploy "
                        "record` write it anew.");
    }
}

void pd_manifest_parse(pd_arena *arena, const char *path, const char *text, size_t len, pd_set *set,
                       pd_findings *findings)
{
    manifest_reader self = {
        .arena = arena, .path = path, .end = text + len, .set = set, .findings = findings};
    const char *at = text;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        at += 3; /* has a finding of its own; the first line's hash is right behind it */
    }
    while (at < self.end) {
        const char *feed = memchr(at, '\n', (size_t)(self.end - at));
        const char *stop = feed == NULL ? self.end : feed;
        self.line = at;
        self.len = (size_t)(stop - at);
        self.number++;
        if (self.len > 0 && stop[-1] == '\r') {
            self.len--;
            self.first_cr = self.first_cr == 0 ? self.number : self.first_cr;
        }
        read_line(&self);
        at = feed == NULL ? self.end : feed + 1;
    }
    drop_duplicates(&self);
    report_summary(&self);
}
