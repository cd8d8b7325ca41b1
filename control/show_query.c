#include "control/show_query.h"

#include "control/show_formula.h"
#include "control/show_value.h"
#include "etl/customer_field.h"
#include "etl/scan.h"

#include <inttypes.h>
#include <string.h>

bool show_is_record_field(const struct generation *g, const char *name)
{
    int of[UNIT_LAYOUTS_MAX];
    return customer_field_find(g, name, of);
}

const char *show_primary_field(struct show_population *p, const struct lookup_record *r, const char *name)
{
    int field = layout_find(r->file->layout, name);
    if (field < 0) return NULL;
    return show_record_value(&p->records, p->readers[r->file->layout_index], field, r->bytes, NULL);
}

static bool is_score(const struct query *q, int expression)
{
    return q->result[expression] == 0;
}

const char *show_query_value(struct show_population *p, const struct query *q, int expression, int64_t value)
{
    enum value_type type = q->type[expression];
    bool hidden = type == VALUE_MONEY && p->masks && !p->records.unmask && !is_score(q, expression);
    if (query_is_missing(q, expression, value)) return show_missing(p->call);
    return type == VALUE_CODE ? query_code(q, expression, value)
           : hidden           ? "***"
                              : show_typed(p->call, p->arena, type, q->decimals[expression], value);
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
