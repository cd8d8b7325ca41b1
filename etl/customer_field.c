#include "etl/customer_field.h"

#include "base/date.h"
#include "etl/populate.h"

#include <string.h>

bool customer_field_find(const struct generation *g, const char *name, int of[UNIT_LAYOUTS_MAX])
{
    bool found = false;
    for (int i = 0; i < g->unit->layouts_count; i++) {
        const struct layout *l = g->unit->layouts[i];
        of[i] = l->class == LAYOUT_CUSTOMER ? layout_find(l, name) : -1;
        if (of[i] >= 0 && l->fields[of[i]].data_class == 3) of[i] = -1;
        found |= of[i] >= 0;
    }
    return found;
}

bool customer_field_is_date(const struct generation *g, const int of[UNIT_LAYOUTS_MAX])
{
    for (int i = 0; i < g->unit->layouts_count; i++)
        if (of[i] >= 0 && g->unit->layouts[i]->fields[of[i]].type == LAYOUT_DATE) return true;
    return false;
}

struct view customer_text(struct customer_text *t, const struct record *r, int field)
{
    if (field < 0) return VIEW_LITERAL("");
    struct view text = view_trim(decode_text(r->file->layout, field, r->bytes));
    bool plain = r->file->layout->encoding == LAYOUT_UTF8;
    for (size_t i = 0; !plain && i < text.length; i++)
        if ((unsigned char)text.bytes[i] >= 0x80) {
            uint32_t malformed = 0;
            if (!t->from_gb18030) {
                t->from_gb18030 = charset_open(CHARSET_GB18030, CHARSET_UTF8);
                buf_init(&t->room, 4 * LAYOUT_RECORD_MAX);
            }
            buf_clear(&t->room);
            charset_convert(t->from_gb18030, text, "\xef\xbf\xbd", &t->room, &malformed);
            return buf_view(&t->room);
        }
    return text;
}

void customer_text_release(struct customer_text *t)
{
    if (!t->from_gb18030) return;
    charset_close(t->from_gb18030);
    buf_release(&t->room);
    *t = (struct customer_text){0};
}

struct view customer_field_key(const struct record_reader *records, struct customer_text *t, const struct record *r,
                               int field, char room[11])
{
    if (field < 0) return VIEW_LITERAL("");
    const struct layout *l = r->file->layout;
    if (l->fields[field].type != LAYOUT_DATE) return customer_text(t, r, field);
    date_format((int32_t)decode_value(records->g->decoders[r->file->layout_index], field, r->bytes), room);
    return view_of(room);
}

int64_t customer_field_none(const struct schema_field *f)
{
    return f->type == VALUE_DATE ? DATE_NONE : 0;
}

int64_t customer_field_value(const struct schema_field *to, const struct layout_field *from, int64_t value)
{
    if (table_value_type(from) != to->type) return customer_field_none(to);
    for (int scale = from->scale; from->type == LAYOUT_AMOUNT && scale < to->scale; scale++) value *= 10;
    if (from->type != LAYOUT_CODE || to->codes == from->codes) return value;
    for (int i = 0; i < to->codes_count; i++)
        if (strcmp(to->codes[i], from->codes[value]) == 0) return i;
    return 0;
}

void customer_fields_init(struct customer_fields *c, const struct generation *g, const bool *wanted)
{
    *c = (struct customer_fields){.schema = g->tables.schema};
    for (int f = 0; f < c->schema->customer_fields_count - c->schema->customer_averages_count; f++) {
        if (!wanted[f]) continue;
        c->wanted[f] = c->any = true;
        customer_field_find(g, c->schema->customer_fields[f].name, c->of[f]);
    }
}

bool customer_fields_read(const struct customer_fields *c, struct record_reader *records, const int64_t *flags,
                          const int64_t *primary, const bool *skipped, uint32_t count, int64_t *const *out,
                          struct status *st)
{
    for (uint32_t i = 0; c->any && i < count; i++) {
        struct record record = {NULL, NULL};
        bool none = (uint64_t)flags[i] & CUSTOMER_GONE || (skipped && skipped[i]);
        if (!none && !record_at(records, (uint32_t)primary[i], &record, st)) return false;
        for (int f = 0; f < c->schema->customer_fields_count; f++) {
            const struct schema_field *to = &c->schema->customer_fields[f];
            if (!c->wanted[f]) continue;
            int field = none ? -1 : c->of[f][record.file->layout_index];
            if (field < 0) {
                out[f][i] = customer_field_none(to);
                continue;
            }
            int64_t value = decode_value(records->g->decoders[record.file->layout_index], field, record.bytes);
            out[f][i] = customer_field_value(to, &record.file->layout->fields[field], value);
        }
    }
    return true;
}
