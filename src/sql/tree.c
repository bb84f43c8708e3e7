#include "sql/tree.h"

#include <stdlib.h>
#include <string.h>

/* Functions of pg_catalog that cannot make or remove a table, whatever they are called with.
 * None of those that run a query given as text (query_to_xml, ts_stat, …) or change a setting
 * (set_config) may stand here. In strcmp's order. */
static const char *const harmless_functions[] = {
    "abs",
    "age",
    "array_agg",
    "array_append",
    "array_cat",
    "array_length",
    "array_position",
    "array_prepend",
    "array_remove",
    "array_replace",
    "array_to_json",
    "array_to_string",
    "avg",
    "bit_length",
    "bool_and",
    "bool_or",
    "btrim",
    "cardinality",
    "ceil",
    "ceiling",
    "char_length",
    "chr",
    "clock_timestamp",
    "concat",
    "concat_ws",
    "count",
    "currval",
    "date_part",
    "date_trunc",
    "decode",
    "dense_rank",
    "encode",
    "every",
    "extract",
    "first_value",
    "floor",
    "format",
    "gen_random_uuid",
    "generate_series",
    "initcap",
    "json_agg",
    "json_array_elements",
    "json_array_elements_text",
    "json_build_array",
    "json_build_object",
    "json_each",
    "json_each_text",
    "json_object_agg",
    "json_object_keys",
    "jsonb_agg",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "jsonb_array_length",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_each",
    "jsonb_each_text",
    "jsonb_object_agg",
    "jsonb_object_keys",
    "jsonb_set",
    "jsonb_strip_nulls",
    "jsonb_typeof",
    "lag",
    "last_value",
    "lastval",
    "lead",
    "left",
    "length",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "make_interval",
    "make_timestamp",
    "make_timestamptz",
    "max",
    "md5",
    "min",
    "mod",
    "nextval",
    "now",
    "ntile",
    "octet_length",
    "overlay",
    "pg_get_serial_sequence",
    "position",
    "power",
    "random",
    "rank",
    "regexp_match",
    "regexp_matches",
    "regexp_replace",
    "regexp_split_to_array",
    "regexp_split_to_table",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "row_number",
    "row_to_json",
    "rpad",
    "rtrim",
    "setval",
    "sha256",
    "split_part",
    "sqrt",
    "starts_with",
    "statement_timestamp",
    "string_agg",
    "string_to_array",
    "strpos",
    "substr",
    "substring",
    "sum",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "to_tsquery",
    "to_tsvector",
    "transaction_timestamp",
    "translate",
    "trunc",
    "unnest",
    "upper",
};

const ProtobufCMessage *pd_sql_tree_unwrap(const PgQuery__Node *node)
{
    if (node == NULL || node->node_case == PG_QUERY__NODE__NODE__NOT_SET)
        return NULL;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(node->base.descriptor, (unsigned)node->node_case);
    const ProtobufCMessage *inner = NULL;
    if (field != NULL)
        memcpy(&inner, (const char *)node + field->offset, sizeof inner);
    return inner;
}

/* A message's field that holds one message or string: its pointer, NULL when it is not set. */
static const void *get_pointer(const ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t which = 0;
        memcpy(&which, base + field->quantifier_offset, sizeof which);
        if (which != field->id)
            return NULL;
    }
    const void *pointer = NULL;
    memcpy(&pointer, base + field->offset, sizeof pointer);
    return pointer;
}

static const ProtobufCMessage *const *get_list(const ProtobufCMessage *message,
                                               const ProtobufCFieldDescriptor *field, size_t *count)
{
    const ProtobufCMessage *const *items = NULL;
    memcpy(count, (const char *)message + field->quantifier_offset, sizeof *count);
    memcpy(&items, (const char *)message + field->offset, sizeof items);
    return items;
}

static void add_part(pd_strbuf *out, const char *part)
{
    if (part == NULL || *part == '\0')
        return;
    if (out->len > 0)
        pd_strbuf_addc(out, '.');
    pd_strbuf_adds(out, part);
}

static bool is_string(const ProtobufCMessage *message)
{
    return message->descriptor == &pg_query__node__descriptor &&
           ((const PgQuery__Node *)message)->node_case == PG_QUERY__NODE__NODE_STRING;
}

/* The field that holds the name of a message that is named through it, for those that are no
 * statement of their own. */
static const char *name_field(const ProtobufCMessage *message)
{
    static const struct {
        const ProtobufCMessageDescriptor *type;
        const char *field;
    } fields[] = {
        {&pg_query__list__descriptor, "items"},
        {&pg_query__type_name__descriptor, "names"},
        {&pg_query__object_with_args__descriptor, "objname"},
        {&pg_query__role_spec__descriptor, "rolename"},
        {&pg_query__func_call__descriptor, "funcname"},
        {&pg_query__vacuum_relation__descriptor, "relation"},
        {&pg_query__create_stmt__descriptor, "relation"},
        {&pg_query__into_clause__descriptor, "rel"},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].type == message->descriptor)
            return fields[i].field;
    return NULL;
}

void pd_sql_tree_name(const ProtobufCMessage *message, pd_strbuf *out)
{
    if (message == NULL)
        return;
    if (message->descriptor == &pg_query__node__descriptor) {
        message = pd_sql_tree_unwrap((const PgQuery__Node *)message);
        if (message == NULL)
            return;
    }
    if (message->descriptor == &pg_query__string__descriptor) {
        add_part(out, ((const PgQuery__String *)message)->sval);
    } else if (message->descriptor == &pg_query__range_var__descriptor) {
        const PgQuery__RangeVar *relation = (const PgQuery__RangeVar *)message;
        add_part(out, relation->schemaname);
        add_part(out, relation->relname);
    } else {
        const char *field = name_field(message);
        if (field != NULL)
            pd_sql_tree_field_name(message, field, true, out);
    }
}

void pd_sql_tree_field_name(const ProtobufCMessage *message, const char *field, bool joined,
                            pd_strbuf *out)
{
    const ProtobufCFieldDescriptor *found =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, field);
    if (found == NULL)
        return;
    if (found->label == PROTOBUF_C_LABEL_REPEATED && found->type == PROTOBUF_C_TYPE_MESSAGE) {
        size_t count = 0;
        const ProtobufCMessage *const *items = get_list(message, found, &count);
        for (size_t i = 0; i < count && !out->truncated; i++)
            if (i == 0 || (joined && is_string(items[i])))
                pd_sql_tree_name(items[i], out);
    } else if (found->type == PROTOBUF_C_TYPE_STRING) {
        add_part(out, get_pointer(message, found));
    } else if (found->type == PROTOBUF_C_TYPE_MESSAGE) {
        pd_sql_tree_name(get_pointer(message, found), out);
    }
}

static int compare_names(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static const char *string_of(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval : "";
}

/* Unqualified names count as pg_catalog's: it is searched first unless search_path says otherwise,
 * and whoever sets that has made the number of tables unknown already. */
static bool is_harmless(const PgQuery__FuncCall *call)
{
    size_t count = call->n_funcname;
    if (count == 0 || count > 2)
        return false;
    if (count == 2 && strcmp(string_of(call->funcname[0]), "pg_catalog") != 0)
        return false;
    return bsearch(string_of(call->funcname[count - 1]), harmless_functions,
                   sizeof harmless_functions / sizeof *harmless_functions,
                   sizeof *harmless_functions, compare_names) != NULL;
}

static void note(void *ctx, const ProtobufCMessage *parent, const char *field,
                 const ProtobufCMessage *message)
{
    (void)parent;
    (void)field;
    pd_sql_tree_parts *parts = ctx;
    const ProtobufCMessageDescriptor *type = message->descriptor;
    if (type == &pg_query__func_call__descriptor)
        parts->functions |= !is_harmless((const PgQuery__FuncCall *)message);
    else if (type == &pg_query__insert_stmt__descriptor ||
             type == &pg_query__update_stmt__descriptor ||
             type == &pg_query__delete_stmt__descriptor ||
             type == &pg_query__merge_stmt__descriptor)
        parts->writes = true;
    else if (type == &pg_query__into_clause__descriptor)
        parts->into = true;
    else if (type == &pg_query__execute_stmt__descriptor)
        parts->execute = true;
}

typedef struct walker {
    pd_sql_tree_visit *visit;
    void *ctx;
} walker;

static void walk_below(const walker *self, const ProtobufCMessage *message);

static void walk(const walker *self, const ProtobufCMessage *parent, const char *field,
                 const ProtobufCMessage *message)
{
    if (message != NULL && message->descriptor == &pg_query__node__descriptor)
        message = pd_sql_tree_unwrap((const PgQuery__Node *)message);
    if (message == NULL)
        return;
    self->visit(self->ctx, parent, field, message);
    walk_below(self, message);
}

/* As deep as the tree is: protobuf-c's own recursion, which has passed on this stack when the
 * tree was unpacked, takes more of it a level. */
static void walk_below(const walker *self, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            walk(self, message, field->name, get_pointer(message, field));
            continue;
        }
        size_t count = 0;
        const ProtobufCMessage *const *items = get_list(message, field, &count);
        for (size_t k = 0; k < count; k++)
            walk(self, message, field->name, items[k]);
    }
}

void pd_sql_tree_walk(const ProtobufCMessage *statement, pd_sql_tree_visit *visit, void *ctx)
{
    walker self = {visit, ctx};
    walk_below(&self, statement);
}

pd_sql_tree_parts pd_sql_tree_scan(const ProtobufCMessage *statement)
{
    pd_sql_tree_parts parts = {0};
    pd_sql_tree_walk(statement, note, &parts);
    return parts;
}
