#include "etl/change_rule.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

static const char *const VALUE_NAMES[] = {"money", "number", "code", NULL};
static const enum value_type VALUE_TYPES[] = {VALUE_MONEY, VALUE_NUMBER, VALUE_CODE};

/* --- the unit file --- */

static bool read_rule(struct conf *c, const char *section, struct arena *arena, struct change_rule *r,
                      struct status *st)
{
    int type, value_type;
    const char *value, *when;
    if (!conf_choice(c, section, "customer_type", CUSTOMER_TYPE_NAMES, CUSTOMER_PERSONAL, &type, st) ||
        !conf_choice(c, section, "type", VALUE_NAMES, 0, &value_type, st) ||
        !conf_need(c, section, "value", &value, st) || !conf_need(c, section, "when", &when, st))
        return false;
    *r = (struct change_rule){.name = arena_dup(arena, view_of(section + strlen("event "))),
                              .value = arena_dup(arena, view_of(value)),
                              .when = arena_dup(arena, view_of(when)),
                              .customer_type = type,
                              .type = VALUE_TYPES[value_type]};
    for (const char *p = r->name; *p; p++)
        if (*p == ' ' || *p == '\t')
            return conf_fail(c, section, NULL, st, "the name of a rule is one word: [event large_deposit]");
    return conf_check_used(c, section, st);
}

bool change_rules_read(struct conf *c, struct arena *arena, struct change_rules **out, struct status *st)
{
    struct change_rules *rules = *out = arena_new(arena, struct change_rules);
    const char *section;
    for (int i = 0; (section = conf_section(c, i)); i++) {
        if (strncmp(section, "event ", strlen("event ")) != 0) continue;
        if (rules->count == CHANGE_RULES_MAX)
            return conf_fail(c, section, NULL, st, "more than %d rules of events", CHANGE_RULES_MAX);
        if (!read_rule(c, section, arena, &rules->rule[rules->count++], st)) return false;
    }
    return true;
}

/* --- names --- */

/* Codes meet by their text: those of tonight's formula, then what only yesterday's had. */
static void join_codes(const struct scorecard *now, int result, const struct scorecard *old, int old_result,
                       struct arena *arena, struct change_name *n)
{
    const char **codes = arena_array(arena, const char *, 512), *text;
    int *map = arena_array(arena, int, 256);
    for (int i = 0; i < 256 && (text = formula_result_code(now->program, result, i)); i++)
        codes[n->codes_count++] = arena_dup(arena, view_of(text));
    for (int i = 0; old && old_result >= 0 && i < 256 && (text = formula_result_code(old->program, old_result, i));
         i++) {
        int k = 0;
        while (k < n->codes_count && strcmp(codes[k], text) != 0) k++;
        if (k == n->codes_count) codes[n->codes_count++] = arena_dup(arena, view_of(text));
        map[n->old_codes_count++] = k;
    }
    n->codes = codes;
    n->old_codes = map;
}

static int find_result(const struct scorecard *card, const char *name)
{
    return card && card->formula ? formula_result_find(card->formula, name) : -1;
}

static bool add_name(struct change_type *t, const struct change_name *n, const char *name, struct arena *arena,
                     struct status *st)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->names[i].name, name) == 0) return true;
    if (t->count == CHANGE_NAMES_MAX)
        return status_fail(st, STATUS_USAGE, "more than %d measures and results: no events by rule", CHANGE_NAMES_MAX);
    t->names[t->count] = *n;
    t->names[t->count++].name = arena_dup(arena, view_of(name));
    return true;
}

bool change_names(const struct change_request *q, const struct scorecards *old_cards, struct segment *now, int type,
                  struct arena *arena, struct change_type *out, struct status *st)
{
    const struct scorecard *card = &q->cards->of[type], *old = old_cards ? &old_cards->of[type] : NULL;
    char column[SCORECARD_COLUMN_MAX];
    *out = (struct change_type){.names = arena_array(arena, struct change_name, CHANGE_NAMES_MAX)};
    for (int m = 0; card->formula && m < card->measures_count; m++) {
        const char *alias = formula_measure_alias(card->formula, m);
        scorecard_column(type, "measure", alias, column);
        struct change_name n = {.type = formula_measure_type(card->formula, m),
                                .column = now ? segment_find(now, column) : -1};
        n.old_column = q->old ? segment_find(q->old->customer, column) : -1;
        if (!add_name(out, &n, alias, arena, st) ||
            !add_name(out, &n, formula_measure_name(card->formula, m), arena, st))
            return false;
    }
    for (int r = 0; card->formula && r < card->results_count; r++) {
        const char *name = formula_result_name(card->formula, r);
        scorecard_column(type, "result", name, column);
        struct change_name n = {.type = formula_result_type(card->formula, r),
                                .column = now ? segment_find(now, column) : -1};
        n.old_column = q->old ? segment_find(q->old->customer, column) : -1;
        if (n.type == VALUE_CODE) join_codes(card, r, old, find_result(old, name), arena, &n);
        if (!add_name(out, &n, name, arena, st)) return false;
    }
    return true;
}

/* --- binding --- */

static void set_field(struct schema_field *f, const struct change_name *n, const char *name)
{
    *f = (struct schema_field){.name = name, .type = n->type, .codes = n->codes, .codes_count = n->codes_count};
    f->scale = n->type == VALUE_MONEY ? 2 : 0;
}

static const struct schema *make_schema(const struct change_request *q, const struct change_rule *rule,
                                        const struct change_type *t, bool both, const struct change_name *code,
                                        struct arena *arena)
{
    struct schema *s = arena_new(arena, struct schema);
    struct schema_field *fields = arena_array(arena, struct schema_field, 2 * t->count + 2);
    int n = 0;
    for (int i = 0; i < t->count; i++) set_field(&fields[n++], &t->names[i], t->names[i].name);
    for (int i = 0; both && i < t->count; i++)
        set_field(&fields[n++], &t->names[i], arena_printf(arena, "old_%s", t->names[i].name));
    struct change_name value = {.type = rule->type};
    if (code) value = *code;
    /* Its own decimals: the value is kept in millionths, see etl/change.c. */
    for (int i = 0; both && i < 2; i++) {
        set_field(&fields[n], &value, i ? "old_value" : "value");
        if (!code) fields[n].type = VALUE_NUMBER, fields[n].scale = 6;
        n++;
    }
    *s = (struct schema){.customer_fields = fields, .customer_fields_count = n, .business_date = q->business_date};
    return s;
}

static int find_name(const struct change_type *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->names[i].name, name) == 0) return i;
    return -1;
}

static bool bind_expression(const char *rule, const char *key, const char *text, const struct schema *schema,
                            bool condition, struct arena *arena, struct formula **f, struct formula_program **p,
                            struct status *st)
{
    const char *name = arena_printf(arena, "[event %s] %s", rule, key);
    if (!formula_parse_expression(name, 1, view_of(text), f, st) || !formula_bind(*f, schema, p, st)) return false;
    enum value_type type = formula_definition_type(*p, 0);
    if (condition ? type == VALUE_BOOLEAN : type != VALUE_CODE && type != VALUE_DATE && type != VALUE_BOOLEAN)
        return true;
    return status_fail(st, STATUS_USAGE, "%s: \"%s\" is no %s", name, text, condition ? "condition" : "number");
}

/* The first value that a rule needs of yesterday and yesterday does not have; -1: none. */
static int missing(const struct change_bound *b, const struct change_type *t)
{
    for (int i = 0; i < t->count; i++) {
        bool used = formula_uses_customer_field(b->when, t->count + i);
        used |= b->value ? formula_uses_customer_field(b->value, i) : i == b->code_name;
        if (used && t->names[i].old_column < 0) return i;
    }
    return -1;
}

bool change_bind(const struct change_request *q, const struct change_rule *rule, const struct change_type *type,
                 struct arena *arena, struct change_bound *out, bool *judged, struct status *st)
{
    bool is_code = rule->type == VALUE_CODE;
    *out = (struct change_bound){.rule = rule, .code_name = is_code ? find_name(type, rule->value) : -1};
    if (is_code && (out->code_name < 0 || type->names[out->code_name].type != VALUE_CODE)) {
        status_fail(st, STATUS_USAGE, "[event %s] value: \"%s\" is no result of type code", rule->name, rule->value);
        return status_hint(st, "see the results of the formula: crmx formula show; or say: type = money");
    }
    const struct change_name *code = is_code ? &type->names[out->code_name] : NULL;
    out->value_schema = make_schema(q, rule, type, false, NULL, arena);
    out->when_schema = make_schema(q, rule, type, true, code, arena);
    if ((!is_code && !bind_expression(rule->name, "value", rule->value, out->value_schema, false, arena,
                                      &out->value_formula, &out->value, st)) ||
        !bind_expression(rule->name, "when", rule->when, out->when_schema, true, arena, &out->when_formula, &out->when,
                         st))
        return false;
    int lacks = q->old ? missing(out, type) : -1;
    *judged = lacks < 0;
    if (lacks >= 0)
        log_warning("rule %s is not judged tonight: generation %s has no value %s", rule->name, q->old->id,
                    type->names[lacks].name);
    return true;
}

void change_bound_release(struct change_bound *b)
{
    formula_program_free(b->value);
    formula_program_free(b->when);
    formula_free(b->value_formula);
    formula_free(b->when_formula);
}

bool change_check(const struct unit *u, const struct scorecards *cards, int32_t business_date, struct arena *arena,
                  struct status *st)
{
    struct change_request q = {.unit = u, .cards = cards, .business_date = business_date};
    struct change_type types[CUSTOMER_TYPES];
    bool ok = true, judged;
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        if (!change_names(&q, NULL, NULL, t, arena, &types[t], st)) return false;
    for (int r = 0; ok && r < u->changes->count; r++) {
        const struct change_rule *rule = &u->changes->rule[r];
        struct change_bound b;
        ok = change_bind(&q, rule, &types[rule->customer_type], arena, &b, &judged, st);
        change_bound_release(&b);
    }
    return ok || status_while(st, "checking the rules of events of unit %s", u->id);
}
