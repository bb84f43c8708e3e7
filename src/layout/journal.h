/* meta/_journal.json of drizzle-kit: what it says, and where. Private to this folder. */
#ifndef PD_LAYOUT_JOURNAL_H
#define PD_LAYOUT_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/finding.h"

/* Where a value stands in the text: its line, and its byte in that line. */
typedef struct pd_spot {
    int line; /* 0: not found */
    size_t line_start;
    size_t offset; /* from line_start */
} pd_spot;

typedef struct pd_journal_entry {
    const char *tag;
    size_t index;  /* in the array of the file */
    bool has_when; /* a whole number from 0 to 2^53-1 */
    int64_t when;  /* milliseconds since the epoch */
    pd_spot tag_spot;
    pd_spot when_spot;
} pd_journal_entry;

typedef struct pd_journal {
    pd_journal_entry *entries; /* those with a usable tag, in order of the file */
    size_t count;
    size_t capacity;
    bool complete; /* every entry had a usable tag, so that what is not named is known */
} pd_journal;

/* Reads the text; false when no entries could be read at all. Findings: journal-malformed and
 * journal-invalid. */
bool pd_journal_read(pd_arena *arena, const char *path, const char *text, size_t len,
                     pd_findings *findings, pd_journal *out);

/* The same by a reader that knows the shape in which drizzle-kit writes its journals, and no other:
 * true when the text has it and there is nothing to find. Else *out is of no use. */
bool pd_journal_read_quick(pd_arena *arena, const char *text, size_t len, pd_journal *out);

/* The same by a reader of all of JSON. */
bool pd_journal_read_json(pd_arena *arena, const char *path, const char *text, size_t len,
                          pd_findings *findings, pd_journal *out);

/* The spots of the keys "tag" and "when" of each element of the array "entries", from the text
 * of a well-formed journal. tags and whens have room for count elements each. */
void pd_journal_locate(const char *text, size_t len, pd_spot *tags, pd_spot *whens, size_t count);

#endif
