#include "layout/sections.h"

#include <string.h>
#include <strings.h>

#include "layout/pairs.h"

/* White space as Go's strings.TrimSpace and \s have it, in ASCII. */
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool pd_line_at(const char *text, size_t len, size_t at, pd_line *out)
{
    if (at >= len) {
        return false;
    }
    const char *feed = memchr(text + at, '\n', len - at);
    size_t end = feed == NULL ? len : (size_t)(feed - text);
    *out = (pd_line){.at = at, .text = text + at, .next = feed == NULL ? len : end + 1};
    out->len = end - at;
    while (out->len > 0 && is_blank(out->text[out->len - 1])) {
        out->len--;
    }
    return true;
}

bool pd_line_is_blank(const pd_line *line)
{
    return line->len == 0;
}

static size_t indent(const pd_line *line)
{
    size_t at = 0;
    while (at < line->len && is_blank(line->text[at])) {
        at++;
    }
    return at;
}

bool pd_line_is_comment(const pd_line *line)
{
    size_t at = indent(line);
    return line->len - at >= 2 && memcmp(line->text + at, "--", 2) == 0;
}

const char *pd_line_remark(const pd_line *line, size_t *len)
{
    *len = 0;
    if (!pd_line_is_comment(line)) {
        return "";
    }
    size_t at = indent(line) + 2;
    while (at < line->len && is_blank(line->text[at])) {
        at++;
    }
    *len = line->len - at;
    return line->text + at;
}

static char *blank_copy(pd_arena *arena, const char *text, size_t len)
{
    char *copy = pd_arena_strndup(arena, text, len);
    memset(copy, ' ', len);
    for (const char *feed = memchr(text, '\n', len); feed != NULL;) {
        size_t at = (size_t)(feed - text);
        copy[at] = '\n';
        feed = memchr(feed + 1, '\n', len - at - 1);
    }
    return copy;
}

void pd_sections_begin(pd_arena *arena, const char *text, size_t len, pd_sections *out)
{
    *out = (pd_sections){
        .up = blank_copy(arena, text, len),
        .down = blank_copy(arena, text, len),
    };
}

void pd_sections_give(pd_sections *self, pd_direction direction, const pd_line *line)
{
    char *text = NULL;
    switch (direction) {
    case PD_NO_DIRECTION:
        return;
    case PD_UP:
        text = self->up;
        break;
    case PD_DOWN:
        text = self->down;
        break;
    }
    memcpy(text + line->at, line->text, line->next - line->at);
}

void pd_sections_fail(pd_sections *self, size_t at, const char *fault)
{
    *self = (pd_sections){.fault = fault, .fault_at = at};
}

/* More dashes in front of a marker are nothing to goose. */
static void skip_dashes(const char **remark, size_t *len)
{
    while (*len > 0 && (**remark == '-' || is_blank(**remark))) {
        (*remark)++;
        (*len)--;
    }
}

/* goose and sql-migrate take what stands behind their mark, with blanks between or not; dbmate's
 * marks are whole words. */
static const char *tool_of(const char *remark, size_t len)
{
    static const struct {
        const char *mark;
        const char *tool;
        bool whole;
    } marks[] = {{"+goose", "goose", false},
                 {"migrate:up", "dbmate", true},
                 {"migrate:down", "dbmate", true},
                 {"+migrate", "sql-migrate", false}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t mark = strlen(marks[i].mark);
        if (len >= mark && strncasecmp(remark, marks[i].mark, mark) == 0 &&
            (!marks[i].whole || len == mark || is_blank(remark[mark]))) {
            return marks[i].tool;
        }
    }
    return NULL;
}

/* node-pg-migrate's "Up Migration". One of the two alone may be anybody's comment. */
static bool is_migration(const char *remark, size_t len, const char *direction)
{
    static const char word[] = "migration";
    size_t at = strlen(direction);
    if (len <= at || strncasecmp(remark, direction, at) != 0 || !is_blank(remark[at])) {
        return false;
    }
    while (at < len && is_blank(remark[at])) {
        at++;
    }
    return len - at >= sizeof word - 1 && strncasecmp(remark + at, word, sizeof word - 1) == 0;
}

const char *pd_sections_tool(const char *text, size_t len)
{
    bool up = false;
    bool down = false;
    const char *tool = NULL;
    pd_line line;
    for (size_t at = 0; tool == NULL && pd_line_at(text, len, at, &line); at = line.next) {
        size_t remark_len = 0;
        const char *remark = pd_line_remark(&line, &remark_len);
        skip_dashes(&remark, &remark_len);
        tool = tool_of(remark, remark_len);
        up = up || is_migration(remark, remark_len, "up");
        down = down || is_migration(remark, remark_len, "down");
    }
    return tool == NULL && up && down ? "node-pg-migrate" : tool;
}

/* ---- into a migration ---- */

typedef void sections_reader(pd_arena *arena, const char *text, size_t len, pd_sections *out);

static void report_fault(pd_reader *reader, pd_migration *migration, const pd_sections *found)
{
    const pd_sql_file *file = &migration->up;
    const char *tool = pd_layout_name(reader->set->layout);
    pd_finding *finding = pd_find(reader->findings, PD_RULE_MARKER_INVALID, file->path, "%s: %s",
                                  file->entry, found->fault);
    pd_finding_at(reader->findings, finding, file->data, file->len, found->fault_at);
    pd_finding_hint(reader->findings, finding,
                    "Write each marker once, the way up first, as %s documents it: read wrongly, "
                    "a migration could undo what it has just done.",
                    tool);
    migration->needs_tool = "a file whose markers cannot be understood";
    migration->needs_tool_at = found->fault_at;
}

static void finish(pd_reader *reader, pd_migration *migration, sections_reader *read)
{
    pd_sections found = {0};
    pd_sql_file *up = &migration->up;
    migration->one_file = true;
    if (*up->hash == '\0') {
        return; /* too large to be read, which has its finding */
    }
    read(reader->arena, up->data, up->len, &found);
    if (found.fault != NULL) {
        report_fault(reader, migration, &found);
        return;
    }
    up->sql = found.up;
    migration->no_transaction = found.no_transaction;
    migration->needs_tool = found.needs_tool;
    migration->needs_tool_at = found.needs_tool_at;
    if (found.down != NULL) {
        migration->down = *up;
        migration->down.sql = found.down;
        pd_sha256_hex(found.down, up->len, migration->down.hash);
    }
}

void pd_finish_dbmate(pd_reader *reader, pd_migration *migration)
{
    finish(reader, migration, pd_sections_dbmate);
}

void pd_finish_goose(pd_reader *reader, pd_migration *migration)
{
    finish(reader, migration, pd_sections_goose);
}
