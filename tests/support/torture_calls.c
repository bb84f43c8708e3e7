/* Calls of libpq, libgit2 and libcurl that fail when they are told to, as they fail by themselves:
 * torture.h. A function that is not here cannot fail, or was never called by predeploy:
 * tests/e2e/test_torture.py holds the list against the binary.
 */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>
#include <git2.h>
#ifdef PD_GIT_HAS_ERRORS_HEADER
#include <git2/sys/errors.h>
#endif
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "torture.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo

/* The function of that name behind this library, stored where `function` is. */
static void find(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

#define MUST_FAIL(kind, name)                                                                      \
    (torture_is_own(__builtin_return_address(0)) && torture_fails(kind, name))

/* A function of a library, with its parameters and its arguments; what it gives when it fails. */
#define CALL(kind, type, name, parameters, arguments, failure)                                     \
    type name parameters;                                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        type(*real) parameters = NULL;                                                             \
        find(#name, &real);                                                                        \
        return MUST_FAIL(kind, #name) ? (failure) : real arguments;                                \
    }

/* ---- libpq ---- */

#define PQ(type, name, parameters, arguments, failure)                                             \
    CALL("libpq", type, name, parameters, arguments, failure)

PQ(PGconn *, PQconnectStartParams,
   (const char *const *keywords, const char *const *values, int expand), (keywords, values, expand),
   NULL)
PQ(PostgresPollingStatusType, PQconnectPoll, (PGconn * conn), (conn), PGRES_POLLING_FAILED)
PQ(PQconninfoOption *, PQconninfoParse, (const char *text, char **said), (text, said), NULL)
PQ(PQconninfoOption *, PQconndefaults, (void), (), NULL)
PQ(PQconninfoOption *, PQconninfo, (PGconn * conn), (conn), NULL)
PQ(int, PQsetnonblocking, (PGconn * conn, int on), (conn, on), -1)
PQ(int, PQsocket, (const PGconn *conn), (conn), -1)
PQ(int, PQsendQuery, (PGconn * conn, const char *sql), (conn, sql), 0)
PQ(int, PQsendQueryParams,
   (PGconn * conn, const char *sql, int count, const Oid *types, const char *const *values,
    const int *lengths, const int *formats, int format),
   (conn, sql, count, types, values, lengths, formats, format), 0)
PQ(int, PQsendPrepare,
   (PGconn * conn, const char *name, const char *sql, int count, const Oid *types),
   (conn, name, sql, count, types), 0)
PQ(int, PQsendQueryPrepared,
   (PGconn * conn, const char *name, int count, const char *const *values, const int *lengths,
    const int *formats, int format),
   (conn, name, count, values, lengths, formats, format), 0)
PQ(int, PQsetSingleRowMode, (PGconn * conn), (conn), 0)
PQ(int, PQflush, (PGconn * conn), (conn), -1)
PQ(int, PQconsumeInput, (PGconn * conn), (conn), 0)
PQ(int, PQgetCopyData, (PGconn * conn, char **row, int async), (conn, row, async), -2)
PQ(int, PQputCopyEnd, (PGconn * conn, const char *error), (conn, error), -1)
PQ(PGcancel *, PQgetCancel, (PGconn * conn), (conn), NULL)
PQ(char *, PQescapeIdentifier, (PGconn * conn, const char *text, size_t len), (conn, text, len),
   NULL)
PQ(char *, PQescapeLiteral, (PGconn * conn, const char *text, size_t len), (conn, text, len), NULL)
PQ(const char *, PQparameterStatus, (const PGconn *conn, const char *name), (conn, name), NULL)
PQ(int, PQenterPipelineMode, (PGconn * conn), (conn), 0)
PQ(int, PQexitPipelineMode, (PGconn * conn), (conn), 0)
PQ(int, PQpipelineSync, (PGconn * conn), (conn), 0)
PQ(int, PQsendFlushRequest, (PGconn * conn), (conn), 0)

/* What was read is lost, for want of memory: libpq says so in a result that has no SQLSTATE. The
 * end of the results is no failure. */
PGresult *PQgetResult(PGconn *conn)
{
    PGresult *(*real)(PGconn *) = NULL;
    bool own = torture_is_own(__builtin_return_address(0));
    find("PQgetResult", &real);
    PGresult *result = real(conn);
    if (!own || result == NULL || !torture_fails("libpq", "PQgetResult"))
        return result;
    PQclear(result);
    return PQmakeEmptyPGresult(conn, PGRES_FATAL_ERROR);
}

/* A field that is not there is no failure. */
char *PQresultErrorField(const PGresult *result, int field)
{
    char *(*real)(const PGresult *, int) = NULL;
    bool own = torture_is_own(__builtin_return_address(0));
    find("PQresultErrorField", &real);
    char *text = real(result, field);
    return own && text != NULL && torture_fails("libpq", "PQresultErrorField") ? NULL : text;
}

/* ---- libgit2 ---- */

static int git_failure(void)
{
    git_error_set_str(GIT_ERROR_OS, "torture");
    return GIT_ERROR;
}

#define GIT(name, parameters, arguments)                                                           \
    CALL("libgit2", int, name, parameters, arguments, git_failure())

/* One that fails has counted all the same: git_libgit2_shutdown must follow. */
int git_libgit2_init(void)
{
    int (*real)(void) = NULL;
    find("git_libgit2_init", &real);
    bool fails = MUST_FAIL("libgit2", "git_libgit2_init");
    int count = real();
    return fails ? GIT_ERROR : count;
}

GIT(git_attr_get_many,
    (const char **values, git_repository *repo, uint32_t flags, const char *path, size_t count,
     const char **names),
    (values, repo, flags, path, count, names))
GIT(git_commit_lookup, (git_commit * *out, git_repository *repo, const git_oid *id),
    (out, repo, id))
GIT(git_config_add_file_ondisk,
    (git_config * config, const char *path, git_config_level_t level, const git_repository *repo,
     int force),
    (config, path, level, repo, force))
GIT(git_config_get_bool, (int *out, const git_config *config, const char *name),
    (out, config, name))
GIT(git_config_get_entry, (git_config_entry * *out, const git_config *config, const char *name),
    (out, config, name))
GIT(git_config_get_path, (git_buf * out, const git_config *config, const char *name),
    (out, config, name))
GIT(git_config_iterator_new, (git_config_iterator * *out, const git_config *config), (out, config))
GIT(git_config_multivar_iterator_new,
    (git_config_iterator * *out, const git_config *config, const char *name, const char *regexp),
    (out, config, name, regexp))
GIT(git_config_next, (git_config_entry * *entry, git_config_iterator *it), (entry, it))
GIT(git_config_open_default, (git_config * *out), (out))
GIT(git_filter_list_apply_to_buffer,
    (git_buf * out, git_filter_list *filters, const char *in, size_t len), (out, filters, in, len))
GIT(git_filter_list_load,
    (git_filter_list * *filters, git_repository *repo, git_blob *blob, const char *path,
     git_filter_mode_t mode, uint32_t flags),
    (filters, repo, blob, path, mode, flags))
GIT(git_ignore_path_is_ignored, (int *ignored, git_repository *repo, const char *path),
    (ignored, repo, path))
GIT(git_object_lookup,
    (git_object * *object, git_repository *repo, const git_oid *id, git_object_t type),
    (object, repo, id, type))
GIT(git_odb_read, (git_odb_object * *out, git_odb *odb, const git_oid *id), (out, odb, id))
GIT(git_odb_read_header, (size_t * len, git_object_t *type, git_odb *odb, const git_oid *id),
    (len, type, odb, id))
CALL("libgit2", int, git_odb_exists, (git_odb * odb, const git_oid *id), (odb, id), 0)
GIT(git_oid_fromstrn, (git_oid * out, const char *text, size_t len), (out, text, len))
GIT(git_oid_fromstrp, (git_oid * out, const char *text), (out, text))
GIT(git_reference_dwim, (git_reference * *out, git_repository *repo, const char *name),
    (out, repo, name))
GIT(git_reference_iterator_new, (git_reference_iterator * *out, git_repository *repo), (out, repo))
GIT(git_reference_iterator_glob_new,
    (git_reference_iterator * *out, git_repository *repo, const char *glob), (out, repo, glob))
GIT(git_reference_lookup, (git_reference * *out, git_repository *repo, const char *name),
    (out, repo, name))
GIT(git_reference_next, (git_reference * *out, git_reference_iterator *it), (out, it))
GIT(git_reference_resolve, (git_reference * *out, const git_reference *reference), (out, reference))
GIT(git_reflog_read, (git_reflog * *out, git_repository *repo, const char *name), (out, repo, name))
GIT(git_refspec_parse, (git_refspec * *out, const char *text, int is_fetch), (out, text, is_fetch))
GIT(git_refspec_transform, (git_buf * out, const git_refspec *spec, const char *name),
    (out, spec, name))
GIT(git_repository_config, (git_config * *out, git_repository *repo), (out, repo))
GIT(git_repository_config_snapshot, (git_config * *out, git_repository *repo), (out, repo))
GIT(git_repository_head, (git_reference * *out, git_repository *repo), (out, repo))
GIT(git_repository_head_unborn, (git_repository * repo), (repo))
GIT(git_repository_index, (git_index * *out, git_repository *repo), (out, repo))
GIT(git_repository_odb, (git_odb * *out, git_repository *repo), (out, repo))
GIT(git_repository_open_ext,
    (git_repository * *out, const char *path, unsigned flags, const char *ceilings),
    (out, path, flags, ceilings))
GIT(git_repository_set_workdir, (git_repository * repo, const char *path, int update),
    (repo, path, update))
GIT(git_revparse_ext,
    (git_object * *object, git_reference **reference, git_repository *repo, const char *spec),
    (object, reference, repo, spec))
GIT(git_revwalk_new, (git_revwalk * *out, git_repository *repo), (out, repo))
GIT(git_revwalk_next, (git_oid * out, git_revwalk *walk), (out, walk))
GIT(git_revwalk_push, (git_revwalk * walk, const git_oid *id), (walk, id))
GIT(git_revwalk_push_glob, (git_revwalk * walk, const char *glob), (walk, glob))
GIT(git_revwalk_push_head, (git_revwalk * walk), (walk))
GIT(git_revwalk_sorting, (git_revwalk * walk, unsigned mode), (walk, mode))
GIT(git_status_file, (unsigned *flags, git_repository *repo, const char *path), (flags, repo, path))
GIT(git_tree_lookup, (git_tree * *out, git_repository *repo, const git_oid *id), (out, repo, id))
CALL("libgit2", const char *, git_commit_summary, (git_commit * commit), (commit), NULL)

/* No option takes more than three arguments; each fits into a register. */
int git_libgit2_opts(int option, ...)
{
    int (*real)(int, ...) = NULL;
    va_list args;
    va_start(args, option);
    void *first = va_arg(args, void *);
    void *second = va_arg(args, void *);
    void *third = va_arg(args, void *);
    va_end(args);
    find("git_libgit2_opts", &real);
    return MUST_FAIL("libgit2", "git_libgit2_opts") ? GIT_ERROR
                                                    : real(option, first, second, third);
}

/* ---- libcurl ---- */

#ifdef PD_CURL_READS_CONST_URLS
#define READ_URL const CURLU
#else
#define READ_URL CURLU
#endif

#define CURL_CALL(type, name, parameters, arguments, failure)                                      \
    CALL("libcurl", type, name, parameters, arguments, failure)

CURL_CALL(CURLcode, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)
CURL_CALL(CURL *, curl_easy_init, (void), (), NULL)
CURL_CALL(CURLHcode, curl_easy_header,
          (CURL * easy, const char *name, size_t index, unsigned origin, int request,
           struct curl_header **out),
          (easy, name, index, origin, request, out), CURLHE_OUT_OF_MEMORY)
CURL_CALL(CURLM *, curl_multi_init, (void), (), NULL)
CURL_CALL(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *easy), (multi, easy),
          CURLM_OUT_OF_MEMORY)
CURL_CALL(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *easy), (multi, easy),
          CURLM_INTERNAL_ERROR)
CURL_CALL(CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running),
          CURLM_OUT_OF_MEMORY)
CURL_CALL(CURLMcode, curl_multi_poll,
          (CURLM * multi, struct curl_waitfd fds[], unsigned count, int ms, int *ready),
          (multi, fds, count, ms, ready), CURLM_OUT_OF_MEMORY)
CURL_CALL(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *left), (multi, left), NULL)
CURL_CALL(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text),
          (list, text), NULL)
CURL_CALL(CURLU *, curl_url, (void), (), NULL)
CURL_CALL(CURLU *, curl_url_dup, (READ_URL * url), (url), NULL)
CURL_CALL(CURLUcode, curl_url_get, (READ_URL * url, CURLUPart what, char **part, unsigned flags),
          (url, what, part, flags), CURLUE_OUT_OF_MEMORY)
CURL_CALL(CURLUcode, curl_url_set, (CURLU * url, CURLUPart what, const char *part, unsigned flags),
          (url, what, part, flags), CURLUE_OUT_OF_MEMORY)
CURL_CALL(time_t, curl_getdate, (const char *text, const time_t *now), (text, now), -1)

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    CURLcode (*real)(CURL *, CURLoption, ...) = NULL;
    va_list args;
    va_start(args, option);
    void *value = va_arg(args, void *);
    va_end(args);
    find("curl_easy_setopt", &real);
    return MUST_FAIL("libcurl", "curl_easy_setopt") ? CURLE_OUT_OF_MEMORY
                                                    : real(easy, option, value);
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    CURLcode (*real)(CURL *, CURLINFO, ...) = NULL;
    va_list args;
    va_start(args, info);
    void *out = va_arg(args, void *);
    va_end(args);
    find("curl_easy_getinfo", &real);
    return MUST_FAIL("libcurl", "curl_easy_getinfo") ? CURLE_OUT_OF_MEMORY : real(easy, info, out);
}
