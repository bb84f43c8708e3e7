/* Text in columns: how wide it stands on a terminal, and where its lines break.
 *
 * Texts given here are printable already (base/printable.h).
 */
#ifndef PD_RENDER_TEXT_H
#define PD_RENDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/columns.h"
#include "base/strbuf.h"

/* Appends one line of text with its tabs expanded to stops of 4 columns. */
void pd_text_expand(pd_strbuf *out, const char *text);

typedef struct pd_wrap {
    const char *indent; /* what further lines begin with */
    size_t column;      /* where the first line has got to, 0-based */
    size_t width;       /* columns of a line; a longer word is not broken */
} pd_wrap;

/* Appends one line of text, broken at its spaces; no line feed behind it. What stands between two
 * backticks stays on one line when it fits on one. A line never begins with `::`, which is a
 * command to the runner of GitHub Actions even behind blanks: `| ` goes in front of it. */
void pd_text_wrap(pd_strbuf *out, const char *text, const pd_wrap *wrap);

#endif
