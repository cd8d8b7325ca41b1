#include "control/show_version.h"

#include "control/show_formula.h"
#include "control/show_lint.h"
#include "control/show_value.h"

#include <inttypes.h>
#include <string.h>

bool show_version_content(struct parameter_store *s, const struct parameter_version *v, struct show_version *out,
                          struct status *st)
{
    const char *threshold;
    int64_t minor;
    *out = (struct show_version){.type = unit_customer_type(v->customer_type)};
    out->name = arena_printf(s->arena, "version %" PRId64, v->version);
    if (!parameter_store_inherited(s, v, v->trial_unit, &out->text, &threshold, st) ||
        !formula_parse(out->name, view_of(out->text), &out->f, st))
        return false;
    if (threshold) {
        if (!show_parse_amount("threshold", threshold, &minor, st)) return status_while(st, "reading %s", out->name);
        formula_set_threshold(out->f, minor);
    }
    trial_hash(view_of(out->text), formula_threshold(out->f), out->hash);
    return true;
}

void show_version_close(struct show_version *v)
{
    formula_free(v->f);
    *v = (struct show_version){0};
}

bool show_version_check(const char *work, const struct parameter_version *v, const struct show_version *content,
                        struct status *st)
{
    struct trial_result result;
    char folder[OS_PATH_MAX];
    if (strcmp(v->trial_hash, content->hash) != 0) {
        status_fail(st, STATUS_USAGE,
                    "version %" PRId64 " is not what was tried: its hash is %.12s, that of the trial %.12s", v->version,
                    content->hash, *v->trial_hash ? v->trial_hash : "missing");
        return strcmp(v->state, "approved") == 0
                   ? status_hint(st, "send it back and try it again: crmx formula reject %" PRId64 " --reason TEXT",
                                 v->version)
                   : status_hint(st, "try it again: crmx formula trial %" PRId64, v->version);
    }
    snprintf(folder, sizeof folder, "%s/state/units/%s", work, v->trial_unit);
    if (trial_result_check(folder, v->trial_unit, CUSTOMER_TYPE_NAMES[content->type], content->hash, &result, st))
        return true;
    if (st->code != STATUS_USAGE) return false;
    snprintf(st->hint, sizeof st->hint, "try it again: crmx formula trial %" PRId64, v->version);
    return false;
}

static void print_findings(const struct show_version *content, const struct lint *l)
{
    for (int i = 0; i < l->count; i++) {
        const struct lint_finding *x = &l->findings[i];
        fprintf(stderr, "%s:%u:%u: %s: %s [%s]\n", content->name, x->line, x->column, x->warning ? "warning" : "remark",
                x->message, lint_rule_name(x->rule));
    }
}

/* The warnings, and what the population says in any case, as the record of the submission keeps them. */
static void summarise(const struct lint *l, struct buf *out)
{
    const char *comma = " ";
    buf_add_text(out, "lint:");
    for (int i = 0; i < l->count; i++) {
        const struct lint_finding *x = &l->findings[i];
        if (!x->warning && x->rule != LINT_ALONE) continue;
        buf_addf(out, "%s%s (line %u)", comma, lint_rule_name(x->rule), x->line);
        comma = ", ";
    }
    if (*comma == ' ') buf_add_text(out, " no warning");
}

bool show_version_lint(struct command_call *call, const struct parameter_version *v, const struct show_version *content,
                       const char **summary, struct status *st)
{
    struct show_lint *x = arena_new(&call->arena, struct show_lint);
    struct unit *unit;
    struct buf text;
    if (!show_unit_configured(call, v->trial_unit, &unit, st)) return false;
    bool ok = show_lint(call, unit, content->f, content->type, content->name, x, st);
    buf_init(&text, 1 << 16);
    if (ok) {
        const char *looked_at = show_lint_looked_at(call, unit, x);
        print_findings(content, &x->lint);
        fprintf(stderr, "%s: lint: %s\n", content->name, looked_at);
        summarise(&x->lint, &text);
        buf_addf(&text, "; %s", looked_at);
        *summary = arena_dup(&call->arena, buf_view(&text));
    }
    show_lint_release(x);
    buf_release(&text);
    return ok;
}
