/* UTF-8, one character at a time (RFC 3629). */
#ifndef PD_BASE_UTF8_H
#define PD_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character at data, which goes to *code; 0 when there is none. */
size_t pd_utf8_decode(const char *data, size_t len, uint32_t *code);

/* The same, with 1 for a byte that begins none, so that a walk always gets on. len > 0. */
size_t pd_utf8_length(const char *data, size_t len);

#endif
