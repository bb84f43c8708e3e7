#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "pg/conn.h"

static bool ports_valid(const char *list)
{
    const char *at = list;
    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        char port[8];
        uint64_t value = 0;
        if (len >= sizeof port) {
            return false;
        }
        memcpy(port, at, len);
        port[len] = '\0';
        if (len > 0 && (!pd_parse_uint(port, 65535, &value) || value == 0)) {
            return false;
        }
        at += len;
        at += *at == ',' ? 1 : 0;
    }
    return true;
}

/* A host name holds no '@'; a socket folder, or an abstract socket ('@' first), may. */
static bool hosts_valid(const char *list)
{
    const char *at = list;
    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        bool socket = *at == '/' || *at == '@';
        if (!socket && memchr(at, '@', len) != NULL) {
            return false;
        }
        at += len;
        at += *at == ',' ? 1 : 0;
    }
    return true;
}

/* RFC 3986, section 3.2: user information ends at the only raw '@', in front of any '/'. */
static bool authority_valid(const char *conninfo)
{
    const char *scheme = strstr(conninfo, "://");
    if (scheme == NULL) {
        return true;
    }
    const char *rest = scheme + 3;
    const char *at = strchr(rest, '@');
    if (at == NULL) {
        return true;
    }
    size_t path = strcspn(rest, "/");
    const char *after = at + 1;
    size_t query = strcspn(after, "?");
    return (size_t)(at - rest) < path && memchr(after, '@', query) == NULL;
}

static bool is_uri(const char *conninfo)
{
    return pd_starts_with(conninfo, "postgres://") || pd_starts_with(conninfo, "postgresql://");
}

bool pd_conninfo_usable(const char *conninfo)
{
    if (conninfo == NULL || *conninfo == '\0') {
        return true;
    }
    char *ignored = NULL; /* it quotes the string, password and all */
    PQconninfoOption *options = PQconninfoParse(conninfo, &ignored);
    bool refused = ignored != NULL && !pd_streq(ignored, "out of memory\n");
    PQfreemem(ignored);
    if (options == NULL && !refused) {
        pd_out_of_memory();
    }
    if (options == NULL) {
        return false;
    }
    bool usable = !is_uri(conninfo) || authority_valid(conninfo);
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val == NULL) {
            continue;
        }
        if (pd_streq(option->keyword, "port")) {
            usable = usable && ports_valid(option->val);
        } else if (pd_streq(option->keyword, "host")) {
            usable = usable && hosts_valid(option->val);
        }
    }
    PQconninfoFree(options);
    return usable;
}

/* ---- a parameter that libpq does not know ---- */

/* Where the parameters of a URI begin: behind '?', which a password may hold as well. */
static const char *query_of(const char *uri)
{
    const char *rest = strstr(uri, "://") + 3;
    size_t user = strcspn(rest, "@/");
    const char *mark = strchr(rest[user] == '@' ? rest + user + 1 : rest, '?');
    return mark == NULL ? NULL : mark + 1;
}

static bool is_known(const PQconninfoOption *options, const char *name, size_t len)
{
    for (; options->keyword != NULL; options++) {
        if (strlen(options->keyword) == len && memcmp(options->keyword, name, len) == 0) {
            return true;
        }
    }
    return len == strlen("ssl") && memcmp(name, "ssl", len) == 0; /* as JDBC has it */
}

/* Parameters of other tools and drivers. No other is ever named: it may be a piece of a password.
 */
static const char *foreign_name(const char *name, size_t len)
{
    static const char *const names[] = {
        "schema",
        "search_path",
        "pgbouncer",
        "connection_limit",
        "pool_timeout",
        "pool_max_conns",
        "pool_size",
        "socket_timeout",
        "statement_cache_size",
        "statement_timeout",
        "sslaccept",
        "prepareThreshold",
        "currentSchema",
        "x-migrations-table",
        "x-migrations-table-quoted",
        "x-statement-timeout",
        "x-multi-statement",
        "x-multi-statement-max-size",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            return names[i];
        }
    }
    return NULL;
}

/* Copies the URI without what libpq does not know, the first of which is named. */
static bool leave_out(const char *uri, const PQconninfoOption *options, const char **name,
                      pd_strbuf *rest)
{
    const char *at = query_of(uri);
    if (at == NULL) {
        return false;
    }
    *name = NULL;
    pd_strbuf_add(rest, uri, (size_t)(at - uri));
    bool first = true;
    while (*at != '\0') {
        size_t len = strcspn(at, "&");
        size_t key = strcspn(at, "=&");
        if (is_known(options, at, key)) {
            pd_strbuf_adds(rest, first ? "" : "&");
            pd_strbuf_add(rest, at, len);
            first = false;
        } else if (foreign_name(at, key) == NULL) {
            return false;
        } else if (*name == NULL) {
            *name = foreign_name(at, key);
        }
        at += len;
        at += *at == '&' ? 1 : 0;
    }
    return *name != NULL;
}

/* Only where all the rest is well formed. */
static bool find_unknown(const char *uri, const char **name)
{
    PD_AUTO_STRBUF rest = pd_strbuf_new(strlen(uri) + 1);
    PQconninfoOption *options = PQconndefaults();
    if (options == NULL) {
        return false;
    }
    bool found = leave_out(uri, options, name, &rest);
    PQconninfoFree(options);
    return found && pd_conninfo_usable(rest.data);
}

bool pd_conninfo_names_database(const char *conninfo)
{
    static const char *const variables[] = {"PGDATABASE", "PGSERVICE"};
    bool named = false;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        named = named || !pd_blank(getenv(variables[i]));
    }
    PQconninfoOption *options =
        named || pd_blank(conninfo) ? NULL : PQconninfoParse(conninfo, NULL);
    for (const PQconninfoOption *one = options; one != NULL && one->keyword != NULL; one++) {
        bool says = pd_streq(one->keyword, "dbname") || pd_streq(one->keyword, "service");
        named = named || (says && !pd_blank(one->val));
    }
    PQconninfoFree(options);
    return named;
}

/* ---- what to do ---- */

/* How drivers and tools of other languages begin the same URL. */
static bool is_of_a_driver(const char *conninfo)
{
    static const char *const begins[] = {
        "pgx://",     "pgx4://",   "pgx5://",     "psql://",          "pg://",
        "postgis://", "postgres+", "postgresql+", "jdbc:postgresql:", "cockroachdb://"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        if (pd_starts_with(conninfo, begins[i])) {
            return true;
        }
    }
    return false;
}

static bool hint_of_parameter(const char *name, pd_error *err)
{
    if (pd_streq(name, "search_path")) {
        return pd_error_hint(err, "libpq does not know the parameter search_path: write "
                                  "options=-csearch_path%%3DSCHEMA in its place.");
    }
    return pd_error_hint(err,
                         "libpq does not know the parameter %s, which is for another program: "
                         "take it out.",
                         name);
}

bool pd_conninfo_hint(const char *conninfo, pd_error *err)
{
    const char *name = NULL;
    if (*conninfo == '"' || *conninfo == '\'') {
        return pd_error_hint(err, "It begins with a quotation mark, which is part of the value "
                                  "here: take the quotation marks off.");
    }
    if (is_of_a_driver(conninfo)) {
        return pd_error_hint(err, "What it begins with is a driver's word: write postgresql:// in "
                                  "its place.");
    }
    if (!is_uri(conninfo) && strstr(conninfo, "://") != NULL) {
        return pd_error_hint(err, "predeploy talks to PostgreSQL only: the string begins with "
                                  "postgresql://.");
    }
    if (is_uri(conninfo) && find_unknown(conninfo, &name)) {
        return hint_of_parameter(name, err);
    }
    return pd_error_hint(err, "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE and "
                              "percent-encode special characters ('/' is %%2F, '@' is %%40, '%%' "
                              "is %%25, '#' is %%23). It knows libpq's parameters only.");
}
