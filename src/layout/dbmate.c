/* The markers of dbmate: `-- migrate:up` and `-- migrate:down`, with options behind them. */
#include <string.h>
#include <strings.h>

#include "layout/sections.h"

#define BLANKS " \t\n\v\f\r"

typedef struct marker {
    pd_direction direction; /* PD_NO_DIRECTION: the line is none */
    bool exact;             /* as dbmate itself knows it */
    const char *options;    /* behind it, to the line's end */
    size_t options_len;
} marker;

static marker marker_of(const pd_line *line)
{
    static const struct {
        const char *mark;
        pd_direction direction;
    } marks[] = {{"migrate:up", PD_UP}, {"migrate:down", PD_DOWN}};
    size_t len = 0;
    const char *remark = pd_line_remark(line, &len);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t mark = strlen(marks[i].mark);
        if (len < mark || strncasecmp(remark, marks[i].mark, mark) != 0 ||
            (len > mark && strchr(BLANKS, remark[mark]) == NULL)) {
            continue;
        }
        return (marker){
            .direction = marks[i].direction,
            .exact = line->text[0] == '-' && strncmp(remark, marks[i].mark, mark) == 0 &&
                     memchr(line->text, '\v', line->len) == NULL,
            .options = remark + mark,
            .options_len = len - mark,
        };
    }
    return (marker){0};
}

/* Whether "transaction:false" is one of the words behind the marker. */
static bool asks_for_none(const marker *found)
{
    static const char option[] = "transaction:false";
    const char *end = found->options + found->options_len;
    for (const char *at = found->options; at < end;) {
        at += strspn(at, BLANKS);
        size_t len = strcspn(at, BLANKS);
        if (at < end && len == strlen(option) && strncmp(at, option, len) == 0) {
            return true;
        }
        at += len > 0 ? len : 1;
    }
    return false;
}

static size_t count_words(const char *text, size_t len)
{
    size_t words = 0;
    for (size_t i = 0; i < len; i++) {
        bool begins = i == 0 || strchr(BLANKS, text[i - 1]) != NULL;
        words += begins && strchr(BLANKS, text[i]) == NULL;
    }
    return words;
}

/* Why a marker cannot stand in a section, or NULL. */
static const char *fault_of(const marker *found, pd_direction section)
{
    if (!found->exact) {
        return "a marker is written '-- migrate:up' or '-- migrate:down', in lower case, at the "
               "beginning of a line: dbmate would pass over this one";
    }
    if (found->direction == PD_DOWN && count_words(found->options, found->options_len) > 1) {
        return "'-- migrate:down' has more than one word behind it: dbmate would pass over it";
    }
    if (section == found->direction) {
        return found->direction == PD_UP ? "a second '-- migrate:up'"
                                         : "a second '-- migrate:down'";
    }
    if (section == PD_NO_DIRECTION && found->direction == PD_DOWN) {
        return "'-- migrate:down' stands in front of '-- migrate:up'";
    }
    return section == PD_DOWN ? "a second '-- migrate:up'" : NULL;
}

/* The white space between "--" and the marker may be line feeds to dbmate. */
static const char *fault_behind_dashes(const pd_line *line, bool dashes)
{
    size_t lead = 0;
    while (lead < line->len && strchr(BLANKS, line->text[lead]) != NULL) {
        lead++;
    }
    bool mark = strncmp(line->text + lead, "migrate:up", strlen("migrate:up")) == 0 ||
                strncmp(line->text + lead, "migrate:down", strlen("migrate:down")) == 0;
    return dashes && mark ? "dbmate takes a line of '--' and this one together for a marker" : NULL;
}

/* Whether the line is "--" and nothing else, or blank behind such a line. */
static bool ends_in_dashes(const pd_line *line, bool dashes)
{
    return pd_line_is_blank(line) ? dashes : line->len == 2 && memcmp(line->text, "--", 2) == 0;
}

void pd_sections_dbmate(pd_arena *arena, const char *text, size_t len, pd_sections *out)
{
    pd_direction section = PD_NO_DIRECTION;
    pd_line line;
    bool dashes = false;
    pd_sections_begin(arena, text, len, out);
    for (size_t at = 0; pd_line_at(text, len, at, &line); at = line.next) {
        marker found = marker_of(&line);
        const char *fault = fault_behind_dashes(&line, dashes);
        dashes = ends_in_dashes(&line, dashes);
        if (fault != NULL) {
            pd_sections_fail(out, line.at, fault);
            return;
        }
        if (found.direction != PD_NO_DIRECTION) {
            fault = fault_of(&found, section);
            section = found.direction;
            out->no_transaction =
                out->no_transaction || (section == PD_UP && asks_for_none(&found));
        } else if (section != PD_NO_DIRECTION) {
            pd_sections_give(out, section, &line);
        } else if (!pd_line_is_blank(&line) && !pd_line_is_comment(&line)) {
            fault = "a statement stands in front of '-- migrate:up'";
        }
        if (fault != NULL) {
            pd_sections_fail(out, line.at, fault);
            return;
        }
    }
    if (section == PD_NO_DIRECTION) {
        pd_sections_fail(out, 0, "the file has no '-- migrate:up'");
    } else if (section == PD_UP) {
        out->down = NULL;
    }
}
