/* libcurl, loaded when it is first called. It needs a dozen libraries more, which takes a tenth of
 * the time in which predeploy starts, and few runs ask for a backup. So its functions stand here
 * once more, and each calls its own behind it; where there is none, it fails as that one can. */
#include "backup/library.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>

#undef curl_easy_setopt
#undef curl_easy_getinfo

static bool load(void)
{
    return dlopen(PD_CURL_LIBRARY, RTLD_NOW | RTLD_GLOBAL) != NULL; /* once; then it is counted */
}

/* The function of that name, stored where `function` is. Looked for everywhere, so that one that
 * was preloaded comes first; predeploy itself exports none (src/CMakeLists.txt). */
static bool find(const char *name, void *function)
{
    void *found = load() ? dlsym(RTLD_DEFAULT, name) : NULL;
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

bool pd_library_load(pd_error *err)
{
    if (load()) {
        return true;
    }
    const char *said = dlerror();
    (void)pd_fail(err, PD_ERROR_BACKUP, "cannot back up the database: libcurl cannot be loaded");
    (void)pd_error_detail(err, "%s", said == NULL ? "" : said);
    return pd_error_hint(err, "Install it, or mend it: Debian's package is libcurl4.");
}

/* A function with its parameters and its arguments, and what it gives when it fails. */
#define FUNCTION(type, name, parameters, arguments, failure)                                       \
    type name parameters                                                                           \
    {                                                                                              \
        type(*real) parameters = NULL;                                                             \
        return find(#name, (void *)&real) ? real arguments : (failure);                            \
    }
#define PROCEDURE(name, parameters, arguments)                                                     \
    void name parameters                                                                           \
    {                                                                                              \
        void(*real) parameters = NULL;                                                             \
        if (find(#name, (void *)&real)) {                                                          \
            real arguments;                                                                        \
        }                                                                                          \
    }

#ifdef PD_CURL_READS_CONST_URLS
typedef const CURLU read_url;
#else
typedef CURLU read_url;
#endif

FUNCTION(CURLcode, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)
PROCEDURE(curl_global_cleanup, (void), ())

FUNCTION(CURL *, curl_easy_init, (void), (), NULL)
PROCEDURE(curl_easy_cleanup, (CURL * curl), (curl))
FUNCTION(const char *, curl_easy_strerror, (CURLcode code), (code), "libcurl cannot be loaded")
FUNCTION(CURLHcode, curl_easy_header,
         (CURL * easy, const char *name, size_t index, unsigned origin, int request,
          struct curl_header **out),
         (easy, name, index, origin, request, out), CURLHE_OUT_OF_MEMORY)

CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
    CURLcode (*real)(CURL *, CURLoption, ...) = NULL;
    CURLcode code = CURLE_FAILED_INIT;
    va_list args;
    va_start(args, option);
    if (find("curl_easy_setopt", (void *)&real)) {
        if (option < CURLOPTTYPE_OBJECTPOINT) {
            code = real(curl, option, va_arg(args, long));
        } else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB) {
            curl_off_t large = va_arg(args, curl_off_t);
            code = real(curl, option, large);
        } else { /* a function's address, too: POSIX has all of them alike */
            void *address = va_arg(args, void *);
            code = real(curl, option, address);
        }
    }
    va_end(args);
    return code;
}

/* All of it is written through a pointer. */
CURLcode curl_easy_getinfo(CURL *curl, CURLINFO info, ...)
{
    CURLcode (*real)(CURL *, CURLINFO, ...) = NULL;
    va_list args;
    va_start(args, info);
    void *out = va_arg(args, void *);
    va_end(args);
    return find("curl_easy_getinfo", (void *)&real) ? real(curl, info, out) : CURLE_FAILED_INIT;
}

FUNCTION(CURLM *, curl_multi_init, (void), (), NULL)
FUNCTION(CURLMcode, curl_multi_cleanup, (CURLM * multi), (multi), CURLM_INTERNAL_ERROR)
FUNCTION(CURLMcode, curl_multi_add_handle, (CURLM * multi, CURL *curl_handle), (multi, curl_handle),
         CURLM_INTERNAL_ERROR)
FUNCTION(CURLMcode, curl_multi_remove_handle, (CURLM * multi, CURL *curl_handle),
         (multi, curl_handle), CURLM_INTERNAL_ERROR)
FUNCTION(CURLMcode, curl_multi_perform, (CURLM * multi, int *running), (multi, running),
         CURLM_INTERNAL_ERROR)
FUNCTION(CURLMcode, curl_multi_poll,
         (CURLM * multi, struct curl_waitfd fds[], unsigned extra_nfds, int ms, int *ret),
         (multi, fds, extra_nfds, ms, ret), CURLM_INTERNAL_ERROR)
FUNCTION(CURLMsg *, curl_multi_info_read, (CURLM * multi, int *msgs_in_queue),
         (multi, msgs_in_queue), NULL)

FUNCTION(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *data),
         (list, data), NULL)
PROCEDURE(curl_slist_free_all, (struct curl_slist * list), (list))

FUNCTION(CURLU *, curl_url, (void), (), NULL)
FUNCTION(CURLU *, curl_url_dup, (read_url * in), (in), NULL)
FUNCTION(CURLUcode, curl_url_get, (read_url * handle, CURLUPart what, char **part, unsigned flags),
         (handle, what, part, flags), CURLUE_OUT_OF_MEMORY)
FUNCTION(CURLUcode, curl_url_set,
         (CURLU * handle, CURLUPart what, const char *part, unsigned flags),
         (handle, what, part, flags), CURLUE_OUT_OF_MEMORY)
FUNCTION(const char *, curl_url_strerror, (CURLUcode code), (code), "libcurl cannot be loaded")
PROCEDURE(curl_url_cleanup, (CURLU * handle), (handle))

FUNCTION(time_t, curl_getdate, (const char *p, const time_t *unused), (p, unused), -1)
PROCEDURE(curl_free, (void *p), (p))
