/* The parse tree by reflection: protobuf-c's descriptors instead of a function a node type. */
#ifndef PD_SQL_TREE_H
#define PD_SQL_TREE_H

#include <pg_query/pg_query.pb-c.h>
#include <stdbool.h>

#include "base/strbuf.h"

#define PD_SQL_NAME_MAX 255 /* bytes of a name that pd_sql_tree_name writes */

/* The message that a node wraps; NULL for NULL and for a node that wraps nothing. */
const ProtobufCMessage *pd_sql_tree_unwrap(const PgQuery__Node *node);

/* Appends the name that a node stands for, as it would be written without quotes
 * ("public.orders"): relations, lists of names, types, functions, roles. Nothing when it has
 * none. */
void pd_sql_tree_name(const ProtobufCMessage *message, pd_strbuf *out);

/* Appends the name that the field `field` of the message holds; a field that is not there or is
 * empty appends nothing. Of several objects the first is taken; with `joined` a list of strings
 * is one dotted name. */
void pd_sql_tree_field_name(const ProtobufCMessage *message, const char *field, bool joined,
                            pd_strbuf *out);

/* Told of each message below a statement: it stands in the field `field` of `parent`. The nodes
 * that wrap messages are left out. */
typedef void pd_sql_tree_visit(void *ctx, const ProtobufCMessage *parent, const char *field,
                               const ProtobufCMessage *message);
void pd_sql_tree_walk(const ProtobufCMessage *statement, pd_sql_tree_visit *visit, void *ctx);

/* What stands anywhere below a statement (not the statement itself). */
typedef struct pd_sql_tree_parts {
    bool functions; /* calls of functions that are not known to leave tables alone */
    bool writes;    /* INSERT, UPDATE, DELETE, MERGE */
    bool into;      /* SELECT … INTO */
    bool execute;   /* EXECUTE of a prepared statement */
} pd_sql_tree_parts;

pd_sql_tree_parts pd_sql_tree_scan(const ProtobufCMessage *statement);

#endif
