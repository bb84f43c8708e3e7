#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/utf8.h"

json_t *pd_json_parse(const char *data, size_t len, pd_json_error *err)
{
    json_error_t error;
    const char *nul = len == 0 ? NULL : memchr(data, '\0', len);
    if (nul != NULL) { /* jansson overlooks one behind a number */
        pd_line_column(data, len, (size_t)(nul - data), &err->line, &err->column);
        snprintf(err->message, sizeof err->message, "a NUL byte is not allowed");
        return NULL;
    }
    json_t *value = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);
    if (value != NULL)
        return value;
    err->line = error.line > 0 ? error.line : 1;
    err->column = error.column > 0 ? error.column : 1;
    snprintf(err->message, sizeof err->message, "%s", error.text);
    return NULL;
}

/* jansson hands over whole characters, and beyond ASCII, or with a '#', only from strings. */
static int append(const char *data, size_t len, void *context)
{
    pd_strbuf *out = context;
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t used = pd_utf8_decode(data + i, len - i, &code);
        if (used == 0)
            return -1;
        if (code >= 0x10000 && pd_printable_unsafe(code))
            pd_strbuf_addf(out, "\\u%04X\\u%04X", 0xD7C0U + (unsigned)(code >> 10),
                           0xDC00U + (unsigned)(code & 0x3FF));
        else if (code >= 0x7F && pd_printable_unsafe(code))
            pd_strbuf_addf(out, "\\u%04X", (unsigned)code);
        else if (code == '#' && pd_printable_command(data + i, len - i))
            pd_strbuf_adds(out, "\\u0023");
        else
            pd_strbuf_add(out, data + i, used);
        i += used;
    }
    return 0;
}

void pd_json_write(pd_strbuf *out, const json_t *value, bool indent)
{
    size_t flags = JSON_ENCODE_ANY | (indent ? JSON_INDENT(2) : JSON_COMPACT);
    if (json_dump_callback(value, append, out, flags) != 0) {
        fputs("predeploy: a JSON value of its own making cannot be written\n", stderr);
        abort();
    }
}

json_t *pd_json_text(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    PD_AUTO_STRBUF buf = pd_strbuf_new(PD_STRBUF_MAX);
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t used = pd_utf8_decode(text + i, len - i, &code);
        if (used == 0)
            pd_strbuf_adds(&buf, "\xEF\xBF\xBD");
        else
            pd_strbuf_add(&buf, text + i, used);
        i += used == 0 ? 1 : used;
    }
    return pd_memory_checked(json_string(buf.data));
}

void pd_json_cleanup(json_t **value)
{
    json_decref(*value);
    *value = NULL;
}
