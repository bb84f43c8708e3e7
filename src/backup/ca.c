#include "backup/ca.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define CA_FILE_MAX ((size_t)1 << 20)
#define SYSTEM_FILE_MAX ((size_t)16 << 20)

static void file_close(FILE **stream)
{
    if (*stream != NULL)
        fclose(*stream);
}

/* Every PEM block named CERTIFICATE is one; there is at least one. */
static bool are_certificates(const char *data, size_t len)
{
    size_t count = 0;
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    if (bio == NULL)
        return false;
    for (;;) {
        X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (certificate == NULL)
            break;
        X509_free(certificate);
        count++;
    }
    bool whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(bio);
    return count > 0 && whole;
}

static bool read_ca_file(pd_arena *arena, const char *path, const char **data, size_t *len,
                         pd_error *err)
{
    PD_CLEANUP(file_close) FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        int saved = errno;
        pd_fail(err, PD_ERROR_USAGE, "cannot read the CA certificate %s", path);
        pd_error_detail(err, "%s", strerror(saved));
        return pd_error_hint(err, "Let PREDEPLOY_BACKUP_CA name a PEM file that this user can "
                                  "read.");
    }
    if (!pd_file_slurp(stream, path, CA_FILE_MAX, arena, data, len, err))
        return false;
    if (!are_certificates(*data, *len)) {
        pd_fail(err, PD_ERROR_USAGE, "cannot use the CA certificate %s", path);
        pd_error_detail(err, "it holds no certificate in PEM form, or a broken one");
        return pd_error_hint(err, "See what it holds with: openssl x509 -in %s -noout -subject",
                             path);
    }
    return true;
}

bool pd_ca_bundle(pd_arena *arena, const char *system_file, const char *ca_file, const char **data,
                  size_t *len, pd_error *err)
{
    const char *extra = NULL;
    size_t extra_len = 0;
    if (!read_ca_file(arena, ca_file, &extra, &extra_len, err))
        return false;
    const char *system = "";
    size_t system_len = 0;
    pd_error ignored;
    PD_CLEANUP(file_close) FILE *stream = system_file != NULL ? fopen(system_file, "re") : NULL;
    if (stream != NULL &&
        !pd_file_slurp(stream, system_file, SYSTEM_FILE_MAX, arena, &system, &system_len, &ignored))
        system_len = 0;
    *len = system_len + 1 + extra_len;
    char *joined = pd_arena_alloc(arena, *len + 1);
    memcpy(joined, system, system_len);
    joined[system_len] = '\n';
    memcpy(joined + system_len + 1, extra, extra_len);
    *data = joined;
    return true;
}
