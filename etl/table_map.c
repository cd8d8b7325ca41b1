/* table: records of change lists and of older versions of a layout as rows of the table. */
#include "base/date.h"
#include "etl/table.h"

#include <stdio.h>
#include <string.h>

static int find_code(const struct layout_field *f, const char *code)
{
    for (int i = 0; i < f->codes_count; i++)
        if (strcmp(f->codes[i], code) == 0) return i;
    return -1;
}

static bool same_codes(const struct layout_field *a, const struct layout_field *b)
{
    if (a->codes_count != b->codes_count) return false;
    for (int i = 0; i < a->codes_count; i++)
        if (strcmp(a->codes[i], b->codes[i]) != 0) return false;
    return true;
}

static int64_t power_of_ten(int n)
{
    int64_t p = 1;
    while (n-- > 0) p *= 10;
    return p;
}

/* Own columns of a layout whose fields differ from the table's: one beside the other, as wide as its fields need. */
static void place(struct table_map *m, const struct layout *from)
{
    uint16_t at = 0;
    for (uint8_t width = 8; width; width = width / 2)
        for (int i = 0; i < m->columns_count; i++) {
            struct decode_column *c = &m->columns[i];
            if (width == 8) decode_column_shape(&from->fields[c->field], c);
            if (c->width != width) continue;
            c->offset = at;
            at = (uint16_t)(at + width);
        }
    m->row_size = (uint16_t)((at + 7) & ~7);
}

void table_map_init(struct table_map *m, const struct table *t, const struct layout *from, struct arena *arena)
{
    *m = (struct table_map){.same = true, .row_size = t->row_size};
    for (int c = 0; c < t->columns_count; c++) {
        const struct layout_field *base = &t->layout->fields[t->columns[c].field];
        int own = layout_find(from, base->name);
        struct table_step *s = &m->step[c];
        *s = (struct table_step){.from = -1, .times = 1, .none = base->type == LAYOUT_DATE ? DATE_NONE : 0};
        if (own < 0) {
            m->same = false;
            continue;
        }
        const struct layout_field *f = &from->fields[own];
        struct decode_column shape;
        decode_column_shape(f, &shape);
        m->same &= shape.width == t->columns[c].width && shape.is_signed == t->columns[c].is_signed;
        s->from = m->columns_count;
        m->columns[m->columns_count] = t->columns[c];
        m->columns[m->columns_count++].field = own;
        if (f->type == LAYOUT_AMOUNT && base->scale > f->scale) {
            s->times = power_of_ten(base->scale - f->scale);
            m->same = false;
        }
        if (f->type == LAYOUT_CODE && !same_codes(f, base)) {
            s->codes = arena_array(arena, uint8_t, f->codes_count + 1);
            for (int k = 0; k < f->codes_count; k++) {
                int to = find_code(base, f->codes[k]);
                s->codes[k] = (uint8_t)(to < 0 ? 0 : to); /* refused before (table_check_version) */
            }
            m->same = false;
        }
    }
    if (!m->same) place(m, from);
}

static int64_t translate(const struct table_step *s, int64_t value)
{
    return s->codes ? s->codes[value] : value == DATE_NONE ? value : value * s->times;
}

static void store(const struct decode_column *c, unsigned char *row, int64_t value)
{
    memcpy(row + c->offset, &value, c->width); /* little-endian */
}

void table_map_row(const struct table_map *m, const struct table *t, const unsigned char *from, unsigned char *row)
{
    memset(row, 0, t->row_size);
    for (int c = 0; c < t->columns_count; c++) {
        const struct table_step *s = &m->step[c];
        store(&t->columns[c], row,
              s->from < 0 ? s->none : translate(s, decode_column_value(&m->columns[s->from], from)));
    }
}

void table_map_record(const struct table_map *m, const struct table *t, const struct decoder *d,
                      const unsigned char *record, unsigned char *row)
{
    memset(row, 0, t->row_size);
    for (int c = 0; c < t->columns_count; c++) {
        const struct table_step *s = &m->step[c];
        store(&t->columns[c], row,
              s->from < 0 ? s->none : translate(s, decode_value(d, m->columns[s->from].field, record)));
    }
}

static bool narrower(const struct layout *from, const struct layout *to, const char *field, const char *what,
                     struct status *st)
{
    status_fail(st, STATUS_USAGE, "field %s of layout %s has become narrower: %s", field, to->name, what);
    return status_hint(st,
                       "records of earlier days would not fit: correct layouts/%s.ini (a field may become wider, be "
                       "added or dropped), or begin anew from a full unload: crmx run refresh",
                       strcmp(from->name, to->name) == 0 ? to->name : from->name);
}

bool table_check_version(const struct layout *from, const struct layout *to, struct status *st)
{
    for (int i = 0; i < to->fields_count; i++) {
        const struct layout_field *b = &to->fields[i];
        int own = layout_find(from, b->name);
        if (own < 0 || b->keep != LAYOUT_KEEP_HOT) continue;
        const struct layout_field *a = &from->fields[own];
        char what[160];
        if (a->type != b->type) {
            snprintf(what, sizeof what, "%s before, %s now", LAYOUT_TYPE_NAMES[a->type], LAYOUT_TYPE_NAMES[b->type]);
            return narrower(from, to, b->name, what, st);
        }
        if (a->type == LAYOUT_AMOUNT && a->scale > b->scale) {
            snprintf(what, sizeof what, "%d decimals before, %d now", a->scale, b->scale);
            return narrower(from, to, b->name, what, st);
        }
        if ((a->type == LAYOUT_AMOUNT || a->type == LAYOUT_DIGITS) &&
            (int)a->length - a->scale > (int)b->length - b->scale) {
            snprintf(what, sizeof what, "%u bytes before, %u now", a->length, b->length);
            return narrower(from, to, b->name, what, st);
        }
        for (int k = 0; a->type == LAYOUT_CODE && k < a->codes_count; k++) {
            if (find_code(b, a->codes[k]) >= 0) continue;
            snprintf(what, sizeof what, "the value \"%s\" is listed no more", a->codes[k]);
            return narrower(from, to, b->name, what, st);
        }
    }
    return true;
}
