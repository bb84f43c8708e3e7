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

static bool read_ca_file(pd_arena *arena, const char *path, pd_bytes *out, pd_error *err)
{
    PD_CLEANUP(file_close) FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        int saved = errno;
        pd_fail(err, PD_ERROR_USAGE, "cannot read the CA certificate %s", path);
        pd_error_detail(err, "%s", strerror(saved));
        return pd_error_hint(err, "Let PREDEPLOY_BACKUP_CA name a PEM file that this user can "
                                  "read.");
    }
    if (!pd_file_slurp(stream, path, CA_FILE_MAX, arena, out, err))
        return false;
    if (!are_certificates(out->data, out->len)) {
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
    pd_bytes extra = {.data = ""};
    if (!read_ca_file(arena, ca_file, &extra, err))
        return false;
    pd_bytes system = {.data = ""};
    pd_error ignored;
    PD_CLEANUP(file_close) FILE *stream = system_file != NULL ? fopen(system_file, "re") : NULL;
    if (stream != NULL &&
        !pd_file_slurp(stream, system_file, SYSTEM_FILE_MAX, arena, &system, &ignored))
        system.len = 0;
    *len = system.len + 1 + extra.len;
    char *joined = pd_arena_alloc(arena, *len + 1);
    memcpy(joined, system.data, system.len);
    joined[system.len] = '\n';
    memcpy(joined + system.len + 1, extra.data, extra.len);
    *data = joined;
    return true;
}
