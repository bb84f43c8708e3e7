/* SQL of others, to be shown without what stands in it: literals may be passwords and people's
 * data.
 */
#ifndef PD_BASE_MASKED_H
#define PD_BASE_MASKED_H

#include <stddef.h>

#include "base/strbuf.h"

/* Appends the SQL with each literal as `?`: numbers, strings of all kinds
 * (PostgreSQL 15, "4.1.2 Constants"). Comments are left out, runs of blanks become one space. A
 * text cut in a literal or a comment ends there with `?`; so does one behind which a server with
 * standard_conforming_strings off would read on in another way. */
void pd_masked_sql(pd_strbuf *out, const char *sql, size_t len);

#endif
