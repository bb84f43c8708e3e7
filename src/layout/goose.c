/* The markers of goose: `-- +goose Up`, `-- +goose Down` and those around and inside of them. */
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "layout/sections.h"

#define MARK "+goose"

typedef enum goose_mark {
    MARK_NONE,
    MARK_UP,
    MARK_DOWN,
    MARK_BEGIN,
    MARK_END,
    MARK_NO_TRANSACTION,
    MARK_ENVSUB_ON,
    MARK_ENVSUB_OFF,
    MARK_UNKNOWN,
} goose_mark;

typedef struct state {
    pd_direction section;
    bool block; /* between StatementBegin and StatementEnd */
} state;

/* White space beyond ASCII, as goose trims it from a line. */
static bool is_wide_blank(uint32_t code)
{
    return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
           code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/* Whether goose takes the line for a marker: behind white space it begins with "--", and it has
 * "+goose" anywhere. Every "--" of such a line is nothing to it. */
static bool is_meant(const pd_line *line)
{
    const char *at = line->text;
    const char *end = line->text + line->len;
    if (memmem(at, line->len, MARK, strlen(MARK)) == NULL) {
        return false;
    }
    while (at < end) {
        uint32_t code = 0;
        size_t used = pd_utf8_decode(at, (size_t)(end - at), &code);
        bool blank = code == ' ' || (code >= '\t' && code <= '\r') || is_wide_blank(code);
        if (used == 0 || !blank) {
            break;
        }
        at += used;
    }
    return end - at >= 2 && memcmp(at, "--", 2) == 0;
}

static goose_mark mark_of(const pd_line *line)
{
    static const struct {
        const char *text;
        goose_mark mark;
    } marks[] = {
        {"Up", MARK_UP},
        {"Down", MARK_DOWN},
        {"StatementBegin", MARK_BEGIN},
        {"StatementEnd", MARK_END},
        {"NO TRANSACTION", MARK_NO_TRANSACTION},
        {"ENVSUB ON", MARK_ENVSUB_ON},
        {"ENVSUB OFF", MARK_ENVSUB_OFF},
        {"ENVSUBST ON", MARK_ENVSUB_ON},
        {"ENVSUBST OFF", MARK_ENVSUB_OFF},
    };
    size_t len = 0;
    const char *remark = pd_line_remark(line, &len);
    if (len < strlen(MARK) || strncasecmp(remark, MARK, strlen(MARK)) != 0) {
        return is_meant(line) ? MARK_UNKNOWN : MARK_NONE;
    }
    const char *word = remark + strlen(MARK);
    const char *end = remark + len;
    while (word < end && (*word == ' ' || *word == '\t')) {
        word++;
    }
    bool exact = line->text[0] == '-' && memcmp(remark, MARK, strlen(MARK)) == 0;
    for (size_t i = 0; exact && i < sizeof marks / sizeof marks[0]; i++) {
        size_t text = strlen(marks[i].text);
        if ((size_t)(end - word) == text && strncasecmp(word, marks[i].text, text) == 0) {
            return marks[i].mark;
        }
    }
    return MARK_UNKNOWN;
}

static const char *turn_up(state *self)
{
    if (self->section != PD_NO_DIRECTION) {
        return "a second '-- +goose Up'";
    }
    self->section = PD_UP;
    return NULL;
}

static const char *turn_down(state *self)
{
    if (self->section == PD_NO_DIRECTION) {
        return "'-- +goose Down' stands in front of '-- +goose Up'";
    }
    if (self->section == PD_DOWN) {
        return "a second '-- +goose Down'";
    }
    if (self->block) {
        return "'-- +goose Down' stands between StatementBegin and StatementEnd";
    }
    self->section = PD_DOWN;
    return NULL;
}

static const char *turn_block(state *self, bool begin)
{
    if (self->section == PD_NO_DIRECTION) {
        return "'-- +goose StatementBegin' stands in front of '-- +goose Up'";
    }
    if (self->block == begin) {
        return begin ? "'-- +goose StatementBegin' stands inside of a statement that has begun"
                     : "'-- +goose StatementEnd' has no StatementBegin";
    }
    self->block = begin;
    return NULL;
}

/* What the marker changes; why it cannot stand here, or NULL. */
static const char *follow(state *self, goose_mark mark, const pd_line *line, pd_sections *out)
{
    switch (mark) {
    case MARK_UP:
        return turn_up(self);
    case MARK_DOWN:
        return turn_down(self);
    case MARK_BEGIN:
    case MARK_END:
        return turn_block(self, mark == MARK_BEGIN);
    case MARK_NO_TRANSACTION:
        out->no_transaction = true;
        return NULL;
    case MARK_ENVSUB_ON:
        out->needs_tool = "a text with variables of the environment that goose fills";
        out->needs_tool_at = line->at;
        return NULL;
    case MARK_UNKNOWN:
        return "goose takes each comment line with '+goose' in it for a marker, and knows no such "
               "marker: it has Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON "
               "and ENVSUB OFF, behind '-- +goose' at the beginning of a line";
    case MARK_ENVSUB_OFF:
    case MARK_NONE:
        return NULL;
    }
    return NULL;
}

static void end(const state *self, size_t len, pd_sections *out)
{
    if (self->section == PD_NO_DIRECTION) {
        pd_sections_fail(out, 0, "the file has no '-- +goose Up'");
    } else if (self->block) {
        pd_sections_fail(out, len, "'-- +goose StatementBegin' has no StatementEnd");
    } else if (self->section == PD_UP) {
        out->down = NULL;
    }
}

void pd_sections_goose(pd_arena *arena, const char *text, size_t len, pd_sections *out)
{
    state self = {0};
    pd_line line;
    pd_sections_begin(arena, text, len, out);
    for (size_t at = 0; pd_line_at(text, len, at, &line); at = line.next) {
        goose_mark mark = mark_of(&line);
        const char *fault = NULL;
        if (mark != MARK_NONE) {
            fault = follow(&self, mark, &line, out);
        } else if (self.section != PD_NO_DIRECTION) {
            pd_sections_give(out, self.section, &line);
        } else if (!pd_line_is_blank(&line) && !pd_line_is_comment(&line)) {
            fault = "a statement stands in front of '-- +goose Up'";
        }
        if (fault != NULL) {
            pd_sections_fail(out, line.at, fault);
            return;
        }
    }
    end(&self, len, out);
}
