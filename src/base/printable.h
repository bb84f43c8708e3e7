/* Foreign text made safe for a terminal or a log.
 *
 * File names, SQL, server messages, webhook answers: whatever predeploy did not write itself goes
 * through here before a person sees it. Control bytes, DEL, C1, U+2028/2029, bidirectional
 * controls and invalid UTF-8 become \xNN or \u{N}; a tab stays; a line feed stays only in
 * PD_PRINTABLE_LINES, where each further line is indented by `| ` so that it cannot pose as a
 * line of ours; `##[` and `##vso[` are broken up, so that they are no command to a CI runner
 * wherever they stand.
 */
#ifndef PD_BASE_PRINTABLE_H
#define PD_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

typedef enum pd_printable_mode {
    PD_PRINTABLE_LINE,  /* one line: line feeds are escaped too */
    PD_PRINTABLE_LINES, /* several lines: "\n" becomes "\n" INDENT "| " */
} pd_printable_mode;

/* Whether a terminal or a log acts upon the character, or it hides or reorders what is read. */
bool pd_printable_unsafe(uint32_t code);

/* Whether a command to a CI runner begins here: "##[", "##vso[" in any case. */
bool pd_printable_command(const char *text, size_t len);

void pd_printable_add(pd_strbuf *out, const char *data, size_t len, pd_printable_mode mode,
                      const char *indent);
char *pd_printable(pd_arena *arena, const char *text); /* PD_PRINTABLE_LINE, into the arena */

/* The text as one word for a POSIX shell, quoted when it must be; for commands that people copy. */
const char *pd_shell_word(pd_arena *arena, const char *text);

#endif
