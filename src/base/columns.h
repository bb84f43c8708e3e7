/* How wide text stands on a terminal. Texts given here are printable already (base/printable.h). */
#ifndef PD_BASE_COLUMNS_H
#define PD_BASE_COLUMNS_H

#include <stddef.h>

/* Columns that `len` bytes of UTF-8 take: combining characters take none, wide ones (Unicode
 * Standard Annex 11, W and F) two, a byte that is no UTF-8 one. */
size_t pd_text_columns(const char *text, size_t len);

/* Bytes of the longest start of text that takes at most `columns`; combining characters stay
 * with what they combine with. */
size_t pd_text_fit(const char *text, size_t len, size_t columns);

#endif
