#include "etl/query_field.h"

#include "base/os.h"
#include "etl/customer_field.h"
#include "etl/group.h"
#include "etl/hidden.h"
#include "etl/number.h"
#include "etl/populate.h"

#include <stdio.h>
#include <string.h>

enum field_kind { KIND_NUMBER, KIND_FLAG, KIND_PASSES, KIND_ENTRY, KIND_SHADOW_SCORE, KIND_SHADOW_SELECTED, KIND_TEXT };

static const struct {
    struct query_field_name name;
    enum field_kind kind;
    unsigned flag; /* KIND_FLAG */
} NAMES[] = {
    {{"number", "综合客户号", VALUE_NUMBER, "the integrated number, with the unit's prefix"}, KIND_NUMBER, 0},
    {{"selected", "入选", VALUE_BOOLEAN, "is a CRM customer"}, KIND_FLAG, CUSTOMER_SELECTED},
    {{"passes", "达标", VALUE_BOOLEAN, "is let pass by formula and lists, as in `crmx why` and a trial"},
     KIND_PASSES,
     0},
    {{"kept", "保留", VALUE_BOOLEAN, "does not pass any more and stays by the leave policy"}, KIND_FLAG, CUSTOMER_KEPT},
    {{"excluded", "剔除", VALUE_BOOLEAN, "is on the exclusion list"}, KIND_FLAG, CUSTOMER_EXCLUDED},
    {{"overridden", "特批", VALUE_BOOLEAN, "is on the override list"}, KIND_FLAG, CUSTOMER_OVERRIDDEN},
    {{"entry_date", "成为客户日", VALUE_DATE, "since when a CRM customer; missing for the others"}, KIND_ENTRY, 0},
    {{"shadow.score", "影子.评分", VALUE_MONEY, "the score by the challenger"}, KIND_SHADOW_SCORE, 0},
    {{"shadow.selected", "影子.入选", VALUE_BOOLEAN, "the challenger would select the customer"},
     KIND_SHADOW_SELECTED,
     0},
};
enum { NAMES_COUNT = sizeof NAMES / sizeof *NAMES };

static const char ENTRY_COLUMN[] = "entry_date", SHADOW_COLUMN[] = "shadow.score";

struct query_field {
    enum field_kind kind;
    unsigned flag;
    bool named, used;
    /* KIND_TEXT */
    int of[UNIT_LAYOUTS_MAX];
    struct group_set *values; /* counts[0]: its place among the codes */
};

const struct query_field_name *query_field_name(int index)
{
    return index < NAMES_COUNT ? &NAMES[index].name : NULL;
}

bool query_field_is_hidden(const struct generation *g, const char *name)
{
    for (int i = 0; i < g->unit->layouts_count; i++) {
        const struct layout *l = g->unit->layouts[i];
        int field = l->class == LAYOUT_CUSTOMER ? layout_find(l, name) : -1;
        if (field >= 0 && l->fields[field].data_class >= 2) return true;
    }
    return false;
}

/* --- texts --- */

static struct view text_of(struct customer_text *t, const struct query_field *f, const struct record *r)
{
    return customer_text(t, r, f->of[r->file->layout_index]);
}

struct collect { /* the values of the named text fields, per worker */
    struct query_fields *q;
    struct group_set **sets; /* [worker][field] */
    struct customer_text *readers;
};

static bool collect_block(void *context, int worker, const struct scan_block *b, struct status *st)
{
    struct collect *c = context;
    struct record r;
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->types[i] != c->q->type) continue;
        if (!record_at(b->records, (uint32_t)b->primary[i], &r, st)) return false;
        for (int f = 0; f < c->q->count; f++) {
            if (!c->q->list[f].named) continue;
            struct group_set *set = c->sets[worker * c->q->count + f];
            group_at(set, text_of(&c->readers[worker], &c->q->list[f], &r));
            if (group_count(set) <= QUERY_TEXT_VALUES_MAX) continue;
            status_fail(st, STATUS_USAGE, "%s has more than %d values: it cannot be compared",
                        c->q->schema.customer_fields[c->q->more.base + f].name, QUERY_TEXT_VALUES_MAX);
            return status_hint(st, "one customer: crmx customer show; a field as a column: --columns");
        }
    }
    return true;
}

/* The sorted values become the codes; the first one is that of a customer without the field. */
static bool take_values(struct query_fields *q, struct query_field *f, struct schema_field *to, struct status *st)
{
    struct group *const *sorted = group_sorted(f->values);
    const char **codes = arena_array(&q->arena, const char *, group_count(f->values) + 1);
    to->codes_count = group_count(f->values);
    for (int i = 0; i < to->codes_count; i++) {
        sorted[i]->counts[0] = (uint64_t)i;
        codes[i] = sorted[i]->key.bytes;
    }
    to->codes = codes;
    if (to->codes_count <= QUERY_TEXT_VALUES_MAX) return true;
    return status_fail(st, STATUS_USAGE, "%s has more than %d values: it cannot be compared", to->name,
                       QUERY_TEXT_VALUES_MAX);
}

static bool collect_texts(struct query_fields *q, struct schema_field *fields, struct pool *pool, struct status *st)
{
    struct scan_request r = {.g = q->g, .pool = pool, .type = q->type, .records = true};
    struct scan *s = scan_open(&r, st);
    if (!s) return false;
    int workers = scan_workers(s);
    struct collect c = {.q = q};
    c.sets = arena_array(&q->arena, struct group_set *, workers * q->count + 1);
    c.readers = arena_array(&q->arena, struct customer_text, workers);
    for (int i = 0; i < workers * q->count; i++) c.sets[i] = group_set_new(0);
    bool ok = scan_run(s, collect_block, &c, st);
    for (int i = 0; i < workers * q->count; i++) {
        struct query_field *f = &q->list[i % q->count];
        if (f->named) ensure(!ok || group_merge(f->values, c.sets[i]));
        group_set_free(c.sets[i]);
    }
    for (int w = 0; w < workers; w++) customer_text_release(&c.readers[w]);
    for (int f = 0; ok && f < q->count; f++)
        if (q->list[f].named) ok = take_values(q, &q->list[f], &fields[q->more.base + f], st);
    scan_close(s);
    return ok;
}

/* --- the schema --- */

static bool is_known(const struct query_fields *q, const char *name)
{
    for (int i = 0; i < q->schema.customer_fields_count; i++)
        if (strcmp(q->schema.customer_fields[i].name, name) == 0) return true;
    return false;
}

static struct query_field *add_field(struct query_fields *q, struct schema_field *fields, enum field_kind kind,
                                     const char *name, enum value_type type)
{
    if (q->count == QUERY_FIELDS_MAX || is_known(q, name)) return NULL;
    int scale = type == VALUE_MONEY ? 2 : 0;
    fields[q->schema.customer_fields_count++] = (struct schema_field){.name = name, .type = type, .scale = scale};
    struct query_field *f = &q->list[q->count++];
    *f = (struct query_field){.kind = kind};
    return f;
}

/* 影子.评分 as the parser has it, "shadow.评分". */
static const char *canonical(struct query_fields *q, const char *name)
{
    const char *point = strchr(name, '.');
    return point ? arena_printf(&q->arena, "shadow%s", point) : name;
}

static void add_names(struct query_fields *q, struct schema_field *fields)
{
    bool has_shadow = q->g->unit->shadow_name[q->type] && segment_find(q->g->customer, SHADOW_COLUMN) >= 0;
    for (int i = 0; i < NAMES_COUNT; i++) {
        bool shadow = NAMES[i].kind == KIND_SHADOW_SCORE || NAMES[i].kind == KIND_SHADOW_SELECTED;
        const char *names[] = {NAMES[i].name.name, NAMES[i].name.alias};
        for (int k = 0; k < 2 && (has_shadow || !shadow); k++) {
            struct query_field *f = add_field(q, fields, NAMES[i].kind, canonical(q, names[k]), NAMES[i].name.type);
            if (f) f->flag = NAMES[i].flag;
        }
    }
}

/* Is it a text below class C2 wherever it stands? of[]: where. */
static bool is_open_text(const struct generation *g, const char *name, int of[UNIT_LAYOUTS_MAX])
{
    if (!customer_field_find(g, name, of) || query_field_is_hidden(g, name)) return false;
    for (int i = 0; i < g->unit->layouts_count; i++) {
        const struct layout *l = g->unit->layouts[i];
        int field = l->class == LAYOUT_CUSTOMER ? layout_find(l, name) : -1;
        if (field >= 0 && l->fields[field].type != LAYOUT_TEXT) return false;
    }
    return true;
}

static bool add_texts(struct query_fields *q, struct schema_field *fields, const char *const texts[], int count)
{
    static const char *const NONE[] = {""};
    bool any = false;
    for (int i = 0; i < q->g->unit->layouts_count; i++) {
        const struct layout *l = q->g->unit->layouts[i];
        for (int k = 0; l->class == LAYOUT_CUSTOMER && k < l->fields_count; k++) {
            int of[UNIT_LAYOUTS_MAX];
            if (!is_open_text(q->g, l->fields[k].name, of)) continue;
            struct query_field *f = add_field(q, fields, KIND_TEXT, l->fields[k].name, VALUE_CODE);
            if (!f) continue;
            memcpy(f->of, of, sizeof of);
            f->values = group_set_new(0);
            group_at(f->values, VIEW_LITERAL(""));
            for (int t = 0; t < count; t++) f->named |= hidden_names_word(texts[t], l->fields[k].name);
            any |= f->named;
            fields[q->schema.customer_fields_count - 1].codes = NONE;
            fields[q->schema.customer_fields_count - 1].codes_count = 1;
        }
    }
    return any;
}

/* The challenger's threshold as the night took it. */
static bool read_threshold(struct query_fields *q, struct status *st)
{
    const struct unit *u = q->g->unit;
    if (!u->shadow_name[q->type]) return true;
    if (u->has_threshold[q->type]) return q->shadow_threshold = u->threshold_minor[q->type], true;
    char path[OS_PATH_MAX];
    struct formula *f = NULL;
    struct buf text;
    snprintf(path, sizeof path, "%s/formulas/%s.formula", u->folder, u->shadow_name[q->type]);
    buf_init(&text, 1 << 16);
    bool ok = os_read_file(path, &text, st) && formula_parse(path, buf_view(&text), &f, st);
    if (ok) q->shadow_threshold = formula_threshold(f);
    formula_free(f);
    buf_release(&text);
    return ok;
}

/* --- values --- */

static int64_t value_of(const struct query_fields *q, const struct query_field *f, const struct scan_block *b,
                        uint32_t i)
{
    unsigned flags = (unsigned)b->flags[i];
    bool listed = flags & CUSTOMER_OVERRIDDEN, out = flags & CUSTOMER_EXCLUDED;
    switch (f->kind) {
    case KIND_NUMBER: return (int64_t)number_full(q->g->unit, b->first_number + i);
    case KIND_FLAG: return (flags & f->flag) != 0;
    case KIND_PASSES: return flags & CUSTOMER_SCORED && !out && (listed || flags & CUSTOMER_PASSES);
    case KIND_ENTRY: return b->stored[0][i];
    case KIND_SHADOW_SCORE: return b->stored[1][i];
    case KIND_SHADOW_SELECTED: return !out && (listed || b->stored[1][i] >= q->shadow_threshold);
    case KIND_TEXT: break;
    }
    return 0;
}

static bool text_values(const struct query_fields *q, const struct query_field *f, const struct scan_block *b,
                        int64_t *out, struct status *st)
{
    struct customer_text reader = {0};
    struct record r;
    bool ok = true;
    for (uint32_t i = 0; ok && i < b->count; i++) {
        out[i] = 0;
        if (b->types[i] != q->type) continue;
        ok = record_at(b->records, (uint32_t)b->primary[i], &r, st);
        const struct group *g = ok ? group_find(f->values, text_of(&reader, f, &r)) : NULL;
        if (g) out[i] = (int64_t)g->counts[0];
    }
    customer_text_release(&reader);
    return ok;
}

static bool values(void *context, int field, const struct scan_block *b, int64_t *out, struct status *st)
{
    const struct query_fields *q = context;
    const struct query_field *f = &q->list[field];
    if (f->kind == KIND_TEXT) return text_values(q, f, b, out, st);
    for (uint32_t i = 0; i < b->count; i++) out[i] = b->types[i] == q->type ? value_of(q, f, b, i) : 0;
    return true;
}

/* --- open, close --- */

bool query_fields_open(struct query_fields *q, struct generation *g, int type, const char *const texts[], int count,
                       struct pool *pool, struct status *st)
{
    const struct schema *base = g->tables.schema;
    *q = (struct query_fields){.g = g, .type = type, .schema = *base};
    arena_init(&q->arena, "query fields");
    struct schema_field *fields =
        arena_array(&q->arena, struct schema_field, base->customer_fields_count + QUERY_FIELDS_MAX);
    memcpy(fields, base->customer_fields, (size_t)base->customer_fields_count * sizeof *fields);
    q->schema.customer_fields = fields;
    q->list = arena_array(&q->arena, struct query_field, QUERY_FIELDS_MAX);
    q->more =
        (struct scan_more){.schema = &q->schema, .base = base->customer_fields_count, .context = q, .values = values};
    add_names(q, fields);
    bool named = add_texts(q, fields, texts, count);
    q->schema.customer_averages_count += q->count; /* no aggregate reads them */
    q->schema.customer_query_count = q->count;
    q->stored[q->stored_count++] = ENTRY_COLUMN;
    if (segment_find(g->customer, SHADOW_COLUMN) >= 0) q->stored[q->stored_count++] = SHADOW_COLUMN;
    return read_threshold(q, st) && (!named || collect_texts(q, fields, pool, st));
}

void query_fields_close(struct query_fields *q)
{
    for (int f = 0; f < q->count; f++) group_set_free(q->list[f].values);
    if (q->list) arena_release(&q->arena);
    *q = (struct query_fields){0};
}

void query_fields_use(struct query_fields *q, const struct formula_program *p)
{
    bool stored = false;
    for (int f = 0; f < q->count; f++) {
        struct query_field *one = &q->list[f];
        one->used = formula_uses_customer_field(p, q->more.base + f);
        q->records |= one->used && one->kind == KIND_TEXT;
        stored |= one->used &&
                  (one->kind == KIND_ENTRY || one->kind == KIND_SHADOW_SCORE || one->kind == KIND_SHADOW_SELECTED);
    }
    if (!stored) q->stored_count = 0;
}
