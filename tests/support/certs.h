/* Certificates made on the spot: a CA of one's own and servers that it vouches for. */
#ifndef PD_TEST_CERTS_H
#define PD_TEST_CERTS_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct certs_pair {
    EVP_PKEY *key;
    X509 *certificate;
} certs_pair;

static inline void certs_extend(X509 *certificate, X509 *issuer, int what, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
    if (extension == NULL || X509_add_ext(certificate, extension, -1) != 1)
        abort();
    X509_EXTENSION_free(extension);
}

/* A certificate for `name` ("IP:127.0.0.1", "DNS:localhost"), valid for an hour, issued by ca;
 * a CA that vouches for itself when ca is NULL. */
static inline certs_pair certs_make(const char *name, const certs_pair *ca)
{
    certs_pair made = {EVP_EC_gen("P-256"), X509_new()};
    const certs_pair *issuer = ca != NULL ? ca : &made;
    if (made.key == NULL || made.certificate == NULL)
        abort();
    X509_set_version(made.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ca != NULL ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), 3600);
    X509_set_pubkey(made.certificate, made.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)(ca != NULL ? "server" : "test CA"), -1, -1,
                               0);
    X509_set_issuer_name(made.certificate, X509_get_subject_name(issuer->certificate));
    if (ca == NULL)
        certs_extend(made.certificate, issuer->certificate, NID_basic_constraints,
                     "critical,CA:TRUE");
    else
        certs_extend(made.certificate, issuer->certificate, NID_subject_alt_name, name);
    if (X509_sign(made.certificate, issuer->key, EVP_sha256()) == 0)
        abort();
    return made;
}

static inline void certs_write(const certs_pair *pair, const char *cert_path, const char *key_path)
{
    FILE *stream = fopen(cert_path, "we");
    if (stream == NULL || PEM_write_X509(stream, pair->certificate) != 1 || fclose(stream) != 0)
        abort();
    if (key_path == NULL)
        return;
    stream = fopen(key_path, "we");
    if (stream == NULL || PEM_write_PrivateKey(stream, pair->key, NULL, NULL, 0, NULL, NULL) != 1 ||
        fclose(stream) != 0)
        abort();
}

static inline void certs_free(certs_pair *pair)
{
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
}

#endif
