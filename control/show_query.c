#include "control/show_query.h"

#include "control/show_formula.h"
#include "control/show_value.h"
#include "etl/customer_field.h"
#include "etl/scan.h"
#include "scoring/words.h"

#include <inttypes.h>
#include <string.h>

bool show_is_record_field(const struct generation *g, const char *name)
{
    int of[UNIT_LAYOUTS_MAX];
    return customer_field_find(g, name, of);
}

bool show_fail_hidden(const char *option, const char *text, const char *field, const char *bands, struct status *st)
{
    status_fail(st, STATUS_USAGE, "%s %s: %s is a field of class C2, whose values are in no table of groups", option,
                text, field);
    return status_hint(st, "%s; who they are: crmx customer find CONDITION --columns number,%s --unmask", bands, field);
}

/* Names to group by, each once, and the one nearest to what was typed. */
struct by_names {
    struct guess guess;
    struct buf list;
};

static void offer(struct by_names *n, const char *name)
{
    struct view rest = n->list.bytes ? buf_view(&n->list) : VIEW_LITERAL(""), word;
    while ((word = view_word(&rest)).length) {
        if (word.bytes[word.length - 1] == ',') word.length--;
        if (view_is(word, name)) return;
    }
    guess_offer(&n->guess, name);
    buf_addf(&n->list, "%s%s", n->list.length ? ", " : "", name);
}

bool show_hint_by(const struct generation *g, const struct formula *f, const char *name, const char *also,
                  struct status *st)
{
    struct by_names n;
    guess_init(&n.guess, view_of(name));
    buf_init(&n.list, STATUS_HINT_MAX - 128);
    for (int r = 0; f && r < formula_result_count(f); r++)
        if (formula_result_type(f, r) == VALUE_CODE) offer(&n, formula_result_name(f, r));
    for (int i = 0; i < g->unit->layouts_count; i++) {
        const struct layout *l = g->unit->layouts[i];
        for (int k = 0; l->class == LAYOUT_CUSTOMER && k < l->fields_count; k++)
            if (!query_field_is_hidden(g, l->fields[k].name)) offer(&n, l->fields[k].name);
    }
    const char *list = n.list.bytes ? n.list.bytes : "", *more = buf_full(&n.list) ? " …" : "";
    if (n.guess.best)
        status_hint(st, "did you mean %s? Possible are %s%s%s", n.guess.best, list, more, also);
    else
        status_hint(st, "possible are %s%s%s", list, more, also);
    buf_release(&n.list);
    return false;
}

const char *show_primary_field(struct show_population *p, const struct lookup_record *r, const char *name)
{
    int field = layout_find(r->file->layout, name);
    if (field < 0) return NULL;
    return show_record_value(&p->records, p->readers[r->file->layout_index], field, r->bytes, NULL);
}

bool show_hides_query(const struct show_population *p, const struct query *q, int expression)
{
    return show_hides(p, q->type[expression], q->is_score[expression], q->hidden[expression]);
}

const char *show_query_value(struct show_population *p, const struct query *q, int expression, int64_t value)
{
    enum value_type type = q->type[expression];
    if (query_is_missing(q, expression, value)) return show_missing(p->call);
    if (show_hides_query(p, q, expression)) return SHOW_HIDDEN;
    if (type == VALUE_CODE) return query_code(q, expression, value);
    return show_typed(p->call, p->arena, type, q->decimals[expression], value);
}

int show_query_types(struct show_population *p, int types[CUSTOMER_TYPES])
{
    int count = 0;
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        bool wanted = command_given(p->call, "type") ? command_choice(p->call, "type", 0) == t
                                                     : p->g->unit->formula_name[t] != NULL;
        if (wanted) types[count++] = t;
    }
    return count;
}

int show_split(struct arena *arena, const char *list, const char **words, int max)
{
    int count = 0, depth = 0;
    const char *from = list;
    for (const char *p = list;; p++) {
        if (*p == '\'' || *p == '"') {
            const char *end = strchr(p + 1, *p);
            if (end) p = end;
            continue;
        }
        depth += *p == '(';
        depth -= *p == ')';
        if (*p && !(*p == ',' && depth <= 0)) continue;
        struct view word = view_trim((struct view){from, (size_t)(p - from)});
        if (word.length && count < max) words[count] = arena_dup(arena, word);
        count += word.length > 0;
        from = p + 1;
        if (!*p) return count;
    }
}
