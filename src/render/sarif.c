/* SARIF 2.1.0 (OASIS Standard): one run a report. Sections are those of the standard. */
#include <ctype.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/str.h"
#include "render/format.h"
#include "render/json.h"
#include "render/verdict.h"
#include "render/words.h"

#define SOURCE_ROOT "%SRCROOT%"

/* 3.11. `](` would make an embedded link (3.11.6) of text that is not ours. */
static json_t *message_value(const char *text)
{
    PD_AUTO_STRBUF safe = pd_strbuf_new(PD_STRBUF_MAX);
    for (; *text != '\0'; text++) {
        pd_strbuf_addc(&safe, *text);
        if (text[0] == ']' && text[1] == '(')
            pd_strbuf_addc(&safe, ' ');
    }
    json_t *value = json_object();
    pd_put_text(value, "text", safe.data);
    return value;
}

static const char *level_name(pd_severity severity)
{
    switch (severity) {
    case PD_SEVERITY_ERROR:
        return "error";
    case PD_SEVERITY_WARNING:
        return "warning";
    case PD_SEVERITY_OFF:
        break;
    }
    return "none";
}

static json_t *rules_value(pd_arena *arena)
{
    json_t *rules = json_array();
    for (int i = 0; i < PD_RULE_COUNT; i++) {
        pd_rule rule = (pd_rule)i;
        json_t *configuration = json_object();
        pd_put_text(configuration, "level", level_name(pd_rule_severity(rule)));
        json_t *properties = json_object();
        pd_put_text(properties, "gate", pd_gate_name(pd_rule_gate(rule)));
        const char *help = pd_arena_printf(arena, "%s. See docs/rules/%s.md.",
                                           pd_rule_summary(rule), pd_rule_id(rule));
        json_t *value = json_object();
        pd_put_text(value, "id", pd_rule_id(rule));
        pd_put(value, "shortDescription", message_value(pd_rule_summary(rule)));
        pd_put(value, "help", message_value(help));
        pd_put(value, "defaultConfiguration", configuration);
        pd_put(value, "properties", properties);
        pd_push(rules, value);
    }
    return rules;
}

/* A path of the tree as a relative reference (RFC 3986, section 4.2): all but unreserved
 * characters and `/` is percent-encoded, byte by byte. */
static const char *uri_of(const char *path, pd_arena *arena)
{
    PD_AUTO_STRBUF uri = pd_strbuf_new(PD_STRBUF_MAX);
    for (; *path != '\0'; path++) {
        unsigned char byte = (unsigned char)*path;
        if (byte < 0x80 && (isalnum(byte) || strchr("-._~/", byte) != NULL))
            pd_strbuf_addc(&uri, *path);
        else
            pd_strbuf_addf(&uri, "%%%02X", (unsigned)byte);
    }
    return pd_strbuf_keep(&uri, arena);
}

static json_t *region_value(const pd_place *place, const char *excerpt)
{
    json_t *region = json_object();
    pd_put_count(region, "startLine", place->line);
    if (place->column > 0)
        pd_put_count(region, "startColumn", place->column);
    if (!pd_blank(excerpt)) {
        json_t *snippet = json_object();
        pd_put_text(snippet, "text", excerpt);
        pd_put(region, "snippet", snippet);
    }
    return region;
}

/* What is about no file stands at the migrations folder: readers want a place for each result. */
static json_t *locations_value(const pd_report *report, const pd_place *place, const char *excerpt,
                               pd_arena *arena)
{
    const char *folder = report->set == NULL ? NULL : report->set->folder;
    const char *path = pd_blank(place->path) ? folder : place->path;
    json_t *locations = json_array();
    if (path == NULL || path[0] == '\0')
        return locations;
    json_t *artifact = json_object();
    pd_put_text(artifact, "uri", uri_of(path, arena));
    pd_put_text(artifact, "uriBaseId", SOURCE_ROOT);
    json_t *physical = json_object();
    pd_put(physical, "artifactLocation", artifact);
    if (path == place->path && place->line > 0)
        pd_put(physical, "region", region_value(place, excerpt));
    json_t *location = json_object();
    pd_put(location, "physicalLocation", physical);
    pd_push(locations, location);
    return locations;
}

/* 3.27.17: the same for a result that only moved to another line. */
static json_t *fingerprints_value(const pd_finding *finding)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    const char *path = finding->place.path == NULL ? "" : finding->place.path;
    const char *const parts[] = {pd_rule_id(finding->rule), path, finding->message};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        pd_strbuf_add(&text, parts[i], strlen(parts[i]) + 1);
    char digest[PD_SHA256_HEX];
    pd_sha256_hex(text.data, text.len, digest);
    json_t *value = json_object();
    pd_put_text(value, "ruleAndMessage/v1", digest);
    return value;
}

static json_t *results_value(const pd_report *report, pd_arena *arena)
{
    json_t *results = json_array();
    size_t count = report->findings == NULL ? 0 : report->findings->count;
    for (size_t i = 0; i < count; i++) {
        const pd_finding *finding = &report->findings->items[i];
        json_t *value = json_object();
        pd_put_text(value, "ruleId", pd_rule_id(finding->rule));
        pd_put_count(value, "ruleIndex", (int64_t)finding->rule);
        pd_put_text(value, "level", level_name(finding->severity));
        pd_put(value, "message", message_value(pd_words_finding(finding, arena)));
        pd_put(value, "locations",
               locations_value(report, &finding->place, finding->excerpt, arena));
        pd_put(value, "partialFingerprints", fingerprints_value(finding));
        pd_push(results, value);
    }
    return results;
}

static void push_notification(json_t *notifications, const char *text, json_t *locations)
{
    json_t *value = json_object();
    pd_put_text(value, "level", "error");
    pd_put(value, "message", message_value(text));
    if (locations != NULL)
        pd_put(value, "locations", locations);
    pd_push(notifications, value);
}

/* 3.20: what predeploy could not tell or do is no result but a notification. */
static json_t *invocations_value(const pd_report *report, pd_arena *arena)
{
    const pd_failure *failure = report->failure;
    bool failed = report->error.kind != PD_ERROR_NONE || failure != NULL;
    json_t *notifications = json_array();
    if (failure != NULL)
        push_notification(notifications, pd_words_failure(failure, arena),
                          locations_value(report, &failure->place, failure->excerpt, arena));
    if (report->error.kind != PD_ERROR_NONE)
        push_notification(notifications, pd_words_error(&report->error, failure, arena), NULL);
    json_t *invocation = json_object();
    pd_put(invocation, "executionSuccessful", json_boolean(!failed));
    pd_put_count(invocation, "exitCode", report->status);
    pd_put_text(invocation, "exitCodeDescription", pd_verdict_line(report, arena));
    pd_put(invocation, "toolExecutionNotifications", notifications);
    json_t *invocations = json_array();
    pd_push(invocations, invocation);
    return invocations;
}

static json_t *tool_value(pd_arena *arena)
{
    json_t *driver = json_object();
    pd_put_text(driver, "name", "predeploy");
    pd_put_text(driver, "version", PD_VERSION);
    pd_put_text(driver, "semanticVersion", PD_VERSION);
    pd_put(driver, "rules", rules_value(arena));
    json_t *tool = json_object();
    pd_put(tool, "driver", driver);
    return tool;
}

static json_t *bases_value(void)
{
    json_t *root = json_object();
    pd_put(root, "description", message_value("The root of the repository's tree."));
    json_t *bases = json_object();
    pd_put(bases, SOURCE_ROOT, root);
    return bases;
}

/* 3.8: what the standard has no place for. */
static json_t *properties_value(const pd_report *report)
{
    json_t *properties = json_object();
    pd_put_text(properties, "command", report->command);
    pd_put_text(properties, "verdict", pd_verdict_word(report->status));
    pd_put_text(properties, "commit", report->revision == NULL ? NULL : report->revision->oid);
    pd_put_text(properties, "base", report->base == NULL ? NULL : report->base->oid);
    return properties;
}

void pd_render_sarif_run(const pd_report *report, pd_strbuf *out)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_JSON run = json_object();
    json_t *automation = json_object();
    pd_put_text(automation, "id", pd_arena_printf(arena, "predeploy/%s", report->command));
    pd_put(run, "tool", tool_value(arena));
    pd_put(run, "automationDetails", automation);
    pd_put_text(run, "columnKind", "unicodeCodePoints");
    pd_put(run, "originalUriBaseIds", bases_value());
    pd_put(run, "invocations", invocations_value(report, arena));
    pd_put(run, "results", results_value(report, arena));
    pd_put(run, "properties", properties_value(report));
    pd_json_write(out, run, true);
    pd_strbuf_addc(out, '\n');
}
