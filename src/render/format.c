/* The machine formats: one document for all reports of a run. */
#include "render/format.h"

#include "base/str.h"
#include "render/render.h"

typedef struct format_row {
    const char *head;
    const char *between;
    const char *tail;
    void (*part)(const pd_report *report, pd_strbuf *out);
} format_row;

const pd_value_word pd_format_words[] = {
    {"human", PD_FORMAT_HUMAN},   {"json", PD_FORMAT_JSON},   {"sarif", PD_FORMAT_SARIF},
    {"github", PD_FORMAT_GITHUB}, {"junit", PD_FORMAT_JUNIT}, {NULL, 0},
};

static const format_row formats[] = {
    [PD_FORMAT_HUMAN] = {"", "", "", NULL},
    [PD_FORMAT_JSON] = {"", "", "", pd_render_json},
    [PD_FORMAT_SARIF] = {"{\n\"$schema\": \"https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/"
                         "schemas/sarif-schema-2.1.0.json\",\n\"version\": \"2.1.0\",\n"
                         "\"runs\": [\n",
                         ",\n", "]\n}\n", pd_render_sarif_run},
    [PD_FORMAT_GITHUB] = {"", "", "", pd_render_github},
    [PD_FORMAT_JUNIT] = {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                         "<testsuites name=\"predeploy\">\n",
                         "", "</testsuites>\n", pd_render_junit_suites},
};

bool pd_format_find(const char *name, pd_format *out)
{
    for (const pd_value_word *at = pd_format_words; at->word != NULL; at++) {
        if (pd_streq(at->word, name)) {
            *out = (pd_format)at->value;
            return true;
        }
    }
    return false;
}

void pd_render_part(pd_format format, const pd_report *report, pd_strbuf *out)
{
    if (formats[format].part != NULL)
        formats[format].part(report, out);
}

void pd_render_document(pd_format format, bool several, const char *const *parts, size_t count,
                        pd_strbuf *out)
{
    bool array = format == PD_FORMAT_JSON && several;
    const format_row *row = &formats[format];
    pd_strbuf_adds(out, array ? "[\n" : row->head);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            pd_strbuf_adds(out, array ? ",\n" : row->between);
        pd_strbuf_adds(out, parts[i]);
    }
    pd_strbuf_adds(out, array ? "]\n" : row->tail);
}
