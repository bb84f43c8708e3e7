/* Foreign text made safe for a format. Each takes the text as it came and appends. */
#ifndef PD_RENDER_ESCAPE_H
#define PD_RENDER_ESCAPE_H

#include <stdbool.h>

#include "base/strbuf.h"

/* The data of a workflow command of GitHub Actions: printable, line ends as %0A. */
void pd_escape_command(pd_strbuf *out, const char *text);

/* A property of a workflow command: one line, also without `:` and `,`. */
void pd_escape_property(pd_strbuf *out, const char *text);

/* Character data or the value of an attribute of XML 1.0: well-formed UTF-8, one line (line ends
 * are character references), what is forbidden (section 2.2) becomes U+FFFD. */
void pd_escape_xml(pd_strbuf *out, const char *text);

/* A code span of Markdown (GitHub Flavored Markdown, 6.3): one line of printable text. in_cell:
 * without `|`, which would end the cell of a table. Nothing when the text is blank. */
void pd_escape_code(pd_strbuf *out, const char *text, bool in_cell);

/* What such a span in a cell makes of printable text. */
void pd_escape_cell(pd_strbuf *out, const char *text);

/* Without control characters, what hides or reorders text, and invalid UTF-8. */
void pd_escape_strip(pd_strbuf *out, const char *text);

#endif
