/* Which parts of a connection string are secret, also when it is malformed: libpq then splits it
 * elsewhere than its author meant, and quotes a part of the password as port, host or option. */
#include "base/secret.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

#define BLANKS " \t\r\n\v\f"
#define URI_DELIMITERS "/?#@:,[]&="
#define QUERY_DELIMITERS "&="
#define WORD_DELIMITERS BLANKS "='"
#define PIECES_MAX 32 /* delimited pieces of one password that are looked at */
#define RUN_MAX 8     /* neighbouring pieces that may be quoted as one */

/* libpq's parameter key words, then those that other drivers add to a URL: behind one of them a
 * password has ended, behind any other word it has not. */
static const char *const keywords[] = {
    "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
    "fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr",
    "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname",
    "load_balance_hosts", "max_protocol_version", "min_protocol_version", "options", "passfile",
    "password", "port", "replication", "require_auth", "requirepeer", "requiressl", "service",
    "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode",
    "sslcompression", "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslnegotiation", "sslpassword",
    "sslrootcert", "sslsni", "target_session_attrs", "tcp_user_timeout", "user",
    /* JDBC, Prisma, node-postgres */
    "connection_limit", "currentSchema", "pgbouncer", "pool_timeout", "schema", "socket_timeout",
    "ssl", "sslaccept", "sslidentity", "statement_cache_size", "uselibpqcompat", NULL};

/* Whether text begins with KEYWORD=; blanks may stand around the sign where allowed. */
static bool begins_parameter(const char *text, bool blanks)
{
    size_t len = strcspn(text, WORD_DELIMITERS "&");
    const char *sign = text + len + (blanks ? strspn(text + len, BLANKS) : 0);
    if (*sign != '=')
        return false;
    for (size_t i = 0; keywords[i] != NULL; i++)
        if (strlen(keywords[i]) == len && memcmp(keywords[i], text, len) == 0)
            return true;
    return false;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *percent_decode(pd_arena *arena, const char *text)
{
    char *out = pd_arena_strdup(arena, text);
    char *to = out;
    for (const char *from = text; *from != '\0'; from++) {
        int high = *from == '%' ? hex_value(from[1]) : -1;
        int low = high >= 0 ? hex_value(from[2]) : -1;
        if (low >= 0 && high * 16 + low != 0) {
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return out;
}

static void add_both_forms(pd_secrets *secrets, const char *data, size_t len)
{
    const char *raw = pd_arena_strndup(secrets->arena, data, len);
    pd_secrets_add(secrets, raw);
    pd_secrets_add(secrets, percent_decode(secrets->arena, raw));
}

/* A port number is ordinary text wherever it stands. */
static bool is_port(const char *data, size_t len)
{
    return len <= 5 && strspn(data, "0123456789") >= len;
}

/* Adds a password whole, and each run of its delimited pieces. */
static void add_in_pieces(pd_secrets *secrets, const char *data, size_t len, const char *delimiters)
{
    const char *end = data + len;
    const char *starts[PIECES_MAX];
    const char *ends[PIECES_MAX];
    size_t count = 0;
    add_both_forms(secrets, data, len);
    for (const char *at = data; at < end && count < PIECES_MAX; count++) {
        size_t piece = strcspn(at, delimiters);
        starts[count] = at;
        ends[count] = piece < (size_t)(end - at) ? at + piece : end;
        at = ends[count] + 1;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i; j < count && j - i < RUN_MAX; j++) {
            size_t run = (size_t)(ends[j] - starts[i]);
            if (!is_port(starts[i], run))
                add_both_forms(secrets, starts[i], run);
        }
    }
}

/* "user:password" with the '@' forgotten looks like "host:port": a port that is no number is
 * taken for a password, together with what stands behind it. */
static void add_strange_ports(pd_secrets *secrets, const char *hosts, const char *end)
{
    for (const char *at = hosts; at < end;) {
        if (*at == '[')
            at += strcspn(at, "]");
        at += strcspn(at, ":/?,");
        if (at >= end || (*at != ':' && *at != ','))
            return;
        if (*at == ':') {
            const char *port = at + 1;
            size_t len = strcspn(port, "/?,");
            if (len > (size_t)(end - port))
                len = (size_t)(end - port);
            if (strspn(port, "0123456789") < len) {
                add_in_pieces(secrets, port, (size_t)(end - port), URI_DELIMITERS);
                return;
            }
            at = port + len;
            if (*at != ',')
                return;
        }
        at++;
    }
}

/* The part of a URI between "//" and its query. A password that holds raw '/', '?', '#' or '@'
 * reaches to the last '@', so that no part of it is missed. */
static void add_authority(pd_secrets *secrets, const char *authority, size_t len)
{
    const char *colon = memchr(authority, ':', len);
    const char *last_at = memrchr(authority, '@', len);
    if (colon == NULL)
        return;
    if (last_at == NULL || last_at < colon) {
        add_strange_ports(secrets, last_at == NULL ? authority : last_at + 1, authority + len);
        return;
    }
    const char *password = colon + 1;
    size_t password_len = (size_t)(last_at - password);
    if (strcspn(password, "/?#@") < password_len)
        add_in_pieces(secrets, password, password_len, URI_DELIMITERS);
    else
        add_both_forms(secrets, password, password_len);
}

/* The length of a URI without its query, which begins at the first '?' before a known key word. */
static size_t without_query(const char *uri, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (uri[i] == '?' && begins_parameter(uri + i + 1, false))
            return i;
    return len;
}

/* Value of a URI's parameter: it ends at the '&' before the next key word. */
static void add_query_value(pd_secrets *secrets, const char *value)
{
    size_t len = strcspn(value, "&");
    while (value[len] == '&' && !begins_parameter(value + len + 1, false))
        len += 1 + strcspn(value + len + 1, "&");
    add_in_pieces(secrets, value, len, QUERY_DELIMITERS);
}

/* Value of a key=value pair as libpq reads it: quoted or up to a blank, a backslash takes the next
 * byte as it is. Returns where it ends. */
static const char *add_pair_value(pd_secrets *secrets, const char *value)
{
    bool quoted = *value == '\'';
    const char *end = quoted ? value + 1 : value;
    const char *stop = quoted ? "'" : BLANKS;
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    for (; *end != '\0' && strchr(stop, *end) == NULL; end++) {
        if (*end == '\\' && end[1] != '\0')
            end++;
        pd_strbuf_addc(&text, *end);
    }
    const char *first = quoted ? value + 1 : value;
    add_both_forms(secrets, text.data, text.len);
    add_both_forms(secrets, first, (size_t)(end - first));
    const char *semicolon = memchr(first, ';', (size_t)(end - first));
    if (semicolon != NULL) /* between the pairs of other drivers */
        add_both_forms(secrets, first, (size_t)(semicolon - first));
    return *end == '\'' && quoted ? end + 1 : end;
}

/* Where the next pair begins, or the end: what stands before it belongs to a password that
 * should have been quoted. */
static const char *next_pair(const char *at)
{
    const char *word = at + strspn(at, BLANKS);
    if (word == at && *at != '\0')
        word = at + strcspn(at, BLANKS);
    while (*word != '\0' && !begins_parameter(word, true)) {
        word += strcspn(word, BLANKS);
        word += strspn(word, BLANKS);
    }
    return word;
}

static void add_parameter(pd_secrets *secrets, const char *conninfo, bool uri, const char *key)
{
    for (const char *at = strcasestr(conninfo, key); at != NULL; at = strcasestr(at + 1, key)) {
        const char *sign = at + strlen(key);
        sign += uri ? 0 : strspn(sign, BLANKS);
        if (*sign != '=')
            continue;
        if (uri) {
            add_query_value(secrets, sign + 1);
            continue;
        }
        const char *value = sign + 1 + strspn(sign + 1, BLANKS);
        const char *end = add_pair_value(secrets, value);
        const char *next = next_pair(end);
        while (next > end && strchr(BLANKS, next[-1]) != NULL)
            next--;
        if (next > end)
            add_in_pieces(secrets, value, (size_t)(next - value), WORD_DELIMITERS);
    }
}

static bool is_pairs(const char *conninfo)
{
    const char *word = conninfo + strspn(conninfo, BLANKS);
    const char *slashes = strstr(conninfo, "//");
    if (slashes != NULL && memchr(conninfo, '=', (size_t)(slashes - conninfo)) == NULL)
        return false;
    return begins_parameter(word, true) || *next_pair(word) != '\0';
}

/* Where the authority begins: behind "//", or behind a scheme that lost a slash or both. A "//"
 * may also stand in the password of a URI that lost its scheme. */
static const char *authority_of(const char *uri)
{
    static const char *const schemes[] = {"postgresql:", "postgres:"};
    const char *slashes = strstr(uri, "//");
    const char *colon = strchr(uri, ':');
    if (slashes != NULL && (colon == NULL || colon > slashes || slashes[-1] == ':'))
        return slashes + 2;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (pd_starts_with(uri, schemes[i]))
            return uri + strlen(schemes[i]) + (uri[strlen(schemes[i])] == '/');
    bool scheme = colon != NULL && colon[1] == '/';
    return scheme && colon[2 + strcspn(colon + 2, ":@")] == ':' ? colon + 2 : uri;
}

void pd_secrets_add_url(pd_secrets *secrets, const char *conninfo)
{
    if (conninfo == NULL)
        return;
    bool pairs = is_pairs(conninfo);
    static const char *const keys[] = {"password", "passwd", "pwd"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        add_parameter(secrets, conninfo, !pairs, keys[i]);
    /* Among pairs, dbname may hold a URI. */
    const char *authority = pairs ? strstr(conninfo, "://") : authority_of(conninfo);
    if (authority == NULL)
        return;
    if (pairs)
        authority += strlen("://");
    size_t len = pairs ? strcspn(authority, BLANKS "'") : strlen(authority);
    add_authority(secrets, authority, without_query(authority, len));
}
