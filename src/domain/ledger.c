#include "domain/ledger.h"

#include "base/str.h"

bool pd_ledger_row_is(const pd_ledger_row *row, const char *name)
{
    return pd_streq(row->name, name) || (row->v1_name != NULL && pd_streq(row->v1_name, name));
}
