#include "etl/dump.h"

#include "etl/populate.h"
#include "etl/probe_value.h"

#define XXH_INLINE_ALL
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { DUMP_BYTES_MAX = INT32_MAX };

struct line { /* of a block, or a whole block */
    const char *text;
};

struct dump {
    struct generation *g;
    const struct scorecards *cards;
    struct probe_tool *tool;
    struct probe_reader *readers[UNIT_LAYOUTS_MAX]; /* by layout */
    struct arena all, part;                         /* the blocks; one partition's columns */
    bool unmask;
    struct line *blocks, *lines;
    size_t blocks_count, blocks_room, lines_count, lines_room;
    struct buf text, value;
    struct status *st;
};

struct table_columns { /* of a table's rows of the partition */
    int64_t *count, *record, *value[TABLE_COLUMNS_MAX];
    uint64_t next;
};

static int by_bytes(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->text, ((const struct line *)b)->text);
}

static void add_line(struct line **lines, size_t *count, size_t *room, const char *text)
{
    if (*count == *room) {
        *room = *room ? *room * 2 : 256;
        *lines = realloc(*lines, *room * sizeof **lines);
        ensure(*lines);
    }
    (*lines)[(*count)++] = (struct line){text};
}

static void end_line(struct dump *d)
{
    buf_add_text(&d->text, "\n");
    ensure(!buf_full(&d->text));
    add_line(&d->lines, &d->lines_count, &d->lines_room, arena_dup(&d->part, buf_view(&d->text)));
    buf_clear(&d->text);
}

/* --- records --- */

static const struct probe_reader *reader_of(struct dump *d, const struct input_file *f)
{
    struct probe_reader **r = &d->readers[f->layout_index];
    if (!*r || (*r)->layout != f->layout)
        *r = probe_reader_new(f->layout, &d->g->reference.rates, d->g->business_date, &d->all);
    return *r;
}

/* Tabs would end the field. */
static void add_value(struct dump *d, const struct layout_field *f, struct view value)
{
    if (f->data_class == 2 && !d->unmask) {
        buf_addf(&d->text, "#%016llx", (unsigned long long)XXH3_64bits(value.bytes, value.length));
        return;
    }
    for (size_t i = 0; i < value.length; i++) buf_add(&d->text, value.bytes[i] == '\t' ? " " : value.bytes + i, 1);
}

static void add_field(struct dump *d, const struct probe_reader *r, const char *name, const unsigned char *record)
{
    int field = layout_find(r->layout, name);
    if (field < 0 || r->layout->fields[field].data_class == 3) return;
    buf_clear(&d->value);
    probe_value(d->tool, r, field, record, &d->value);
    if (d->value.length == 0) return;
    buf_addf(&d->text, "\t%s=", name);
    add_value(d, &r->layout->fields[field], buf_view(&d->value));
}

/* All fields, in the order and by the names of the layout the unload has (a change list may have another order). */
static void add_fields(struct dump *d, const struct layout *named, const struct input_file *f,
                       const unsigned char *record)
{
    const struct probe_reader *r = reader_of(d, f);
    for (int i = 0; i < named->fields_count; i++) add_field(d, r, named->fields[i].name, record);
}

static bool read_record(struct dump *d, int space, uint32_t record, const struct input_file **f, unsigned char **bytes)
{
    *f = input_file_of(&d->g->inputs, space, record);
    if (!*f) return status_fail(d->st, STATUS_CORRUPT, "generation %s has no archived record %u", d->g->id, record);
    *bytes = (unsigned char *)arena_take(&d->part, (*f)->layout->record_length + 2 * DECODE_SLACK) + DECODE_SLACK;
    return input_read_record(*f, record, *bytes, d->st);
}

/* --- a customer --- */

struct founder { /* the record whose identity is the customer's key */
    const struct input_file *file;
    const unsigned char *bytes;
};

static const char *system_of(const struct dump *d, const struct input_file *f)
{
    return d->g->unit->systems[d->g->unit->layout_system[f->layout_index]].name;
}

static struct view source_no_of(const struct input_file *f, const unsigned char *bytes)
{
    return decode_text(f->layout, f->layout->role_field[ROLE_SOURCE_NO], bytes);
}

static bool comes_before(const struct dump *d, const struct input_file *f, const unsigned char *bytes,
                         const struct founder *than)
{
    if (!than->file) return true;
    int mine = d->g->unit->layout_system[f->layout_index], other = d->g->unit->layout_system[than->file->layout_index];
    if (mine != other) return mine < other;
    struct view a = source_no_of(f, bytes), b = source_no_of(than->file, than->bytes);
    if (a.length != b.length) return a.length < b.length;
    return memcmp(a.bytes, b.bytes, a.length) < 0;
}

/* The layout of the unload that a file's records belong to. */
static const struct layout *unload_layout(const struct dump *d, const struct input_file *f)
{
    return d->g->unit->layouts[d->g->unit->layout_base[f->layout_index]];
}

static bool add_sources(struct dump *d, const int64_t *records, const int64_t *closed, uint64_t count,
                        struct founder *first)
{
    for (uint64_t i = 0; i < count; i++) {
        if (closed[i]) continue; /* kept for the number it founded */
        const struct input_file *f;
        unsigned char *bytes = NULL;
        if (closed[i]) continue; /* remembered for its number only */
        if (!read_record(d, -1, (uint32_t)records[i], &f, &bytes)) return false;
        if (comes_before(d, f, bytes, first)) *first = (struct founder){f, bytes};
        buf_addf(&d->text, "source\t%s", system_of(d, f));
        add_fields(d, unload_layout(d, f), f, bytes);
        end_line(d);
    }
    return true;
}

static bool add_rows(struct dump *d, int table, struct table_columns *c, uint64_t place)
{
    const struct table *t = &d->g->tables.table[table];
    for (uint64_t end = c->next + (uint64_t)c->count[place]; c->next < end; c->next++) {
        const struct input_file *f;
        unsigned char *bytes = NULL;
        if (!read_record(d, t->layout_index, (uint32_t)c->record[c->next], &f, &bytes)) return false;
        buf_addf(&d->text, "row\t%s", t->layout->name);
        add_fields(d, t->layout, f, bytes);
        for (int a = 0; a < t->amounts_count; a++) {
            const struct layout_field *field = &t->layout->fields[t->columns[t->amount_columns[a]].field];
            char number[32];
            int n = snprintf(number, sizeof number, "%" PRId64, c->value[t->amount_columns[a]][c->next]);
            buf_addf(&d->text, "\tcounted.%s=", field->name);
            add_value(d, field, (struct view){number, (size_t)n});
        }
        end_line(d);
    }
    return true;
}

/* Name and ID as the founder's record has them; the ID in the one form it has for all systems. */
static void add_head(struct dump *d, const struct founder *f, int type)
{
    const struct layout *l = f->file->layout;
    char number[IDENTITY_NUMBER_MAX + 8];
    struct view class;
    struct identity_key key;
    size_t n = identity_number(d->g->unit->identity, l->encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8,
                               decode_text(l, l->role_field[ROLE_ID_TYPE], f->bytes),
                               decode_text(l, l->role_field[ROLE_ID_NO], f->bytes), number, &class, &key,
                               type == CUSTOMER_CORPORATE);
    const struct layout_field *id = &l->fields[l->role_field[ROLE_ID_NO]];
    buf_addf(&d->text, "customer\t%c\t%.*s\t", type == CUSTOMER_CORPORATE ? 'C' : 'P', (int)class.length, class.bytes);
    add_value(d, id, (struct view){number, n});
    int name = l->role_field[ROLE_NAME];
    if (name >= 0) add_field(d, reader_of(d, f->file), l->fields[name].name, f->bytes);
    struct view source_no = source_no_of(f->file, f->bytes);
    buf_addf(&d->text, "\t%s %.*s", system_of(d, f->file), (int)source_no.length, source_no.bytes);
}

struct score_columns { /* of customer.seg, by customer type */
    int64_t **measure[CUSTOMER_TYPES], **result[CUSTOMER_TYPES];
};

static void add_scores(struct dump *d, const struct score_columns *s, int type, unsigned flags, uint64_t place)
{
    const struct scorecard *card = &d->cards->of[type];
    int64_t score = card->formula ? s->result[type][0][place] : 0;
    for (int m = 0; card->formula && m < card->measures_count; m++) {
        buf_addf(&d->text, "measure\t%s\t%" PRId64, formula_measure_alias(card->formula, m),
                 s->measure[type][m][place]);
        end_line(d);
    }
    for (int r = 0; card->formula && r < card->results_count; r++) {
        buf_addf(&d->text, "result\t%s\t%" PRId64, formula_result_name(card->formula, r), s->result[type][r][place]);
        end_line(d);
    }
    buf_addf(&d->text, "threshold\t%s",
             flags & CUSTOMER_EXCLUDED        ? "excluded"
             : !card->formula                 ? "not_scored"
             : score >= card->threshold_minor ? "reached"
                                              : "below");
    end_line(d);
}

/* Head first, then the lines in order. */
static void end_block(struct dump *d, const struct founder *first, int type)
{
    struct buf block;
    buf_init(&block, DUMP_BYTES_MAX);
    add_head(d, first, type);
    buf_add_text(&d->text, "\n");
    buf_add(&block, d->text.bytes, d->text.length);
    buf_clear(&d->text);
    qsort(d->lines, d->lines_count, sizeof *d->lines, by_bytes);
    for (size_t i = 0; i < d->lines_count; i++) buf_add_text(&block, d->lines[i].text);
    d->lines_count = 0;
    ensure(!buf_full(&block));
    add_line(&d->blocks, &d->blocks_count, &d->blocks_room, arena_dup(&d->all, buf_view(&block)));
    buf_release(&block);
}

/* --- a partition --- */

static bool read_column(struct dump *d, struct segment *s, uint32_t partition, const char *name, int64_t **out)
{
    int column = segment_find(s, name);
    if (column < 0) return status_fail(d->st, STATUS_CORRUPT, "generation %s has no column %s", d->g->id, name);
    uint64_t n = segment_rows(s, partition, column);
    *out = arena_array(&d->part, int64_t, n + 1);
    return n == 0 || segment_get(s, partition, column, 0, n, *out, d->st);
}

static bool read_table(struct dump *d, uint32_t partition, int table, struct table_columns *c)
{
    const struct table *t = &d->g->tables.table[table];
    struct segment *s = d->g->table[table];
    *c = (struct table_columns){.next = 0};
    if (!read_column(d, s, partition, "count", &c->count) || !read_column(d, s, partition, "record", &c->record))
        return false;
    for (int a = 0; a < t->amounts_count; a++) {
        int column = t->amount_columns[a];
        const char *name = arena_printf(&d->part, "field.%.50s", t->layout->fields[t->columns[column].field].name);
        if (!read_column(d, s, partition, name, &c->value[column])) return false;
    }
    return true;
}

static bool read_scores(struct dump *d, uint32_t partition, struct score_columns *s)
{
    for (int type = 0; type < CUSTOMER_TYPES; type++) {
        const struct scorecard *card = &d->cards->of[type];
        if (!card->formula) continue;
        char letter = type == CUSTOMER_CORPORATE ? 'C' : 'P';
        s->measure[type] = arena_array(&d->part, int64_t *, card->measures_count + 1);
        s->result[type] = arena_array(&d->part, int64_t *, card->results_count + 1);
        for (int m = 0; m < card->measures_count; m++)
            if (!read_column(
                    d, d->g->customer, partition,
                    arena_printf(&d->part, "%c.measure.%.40s", letter, formula_measure_alias(card->formula, m)),
                    &s->measure[type][m]))
                return false;
        for (int r = 0; r < card->results_count; r++)
            if (!read_column(d, d->g->customer, partition,
                             arena_printf(&d->part, "%c.result.%.40s", letter, formula_result_name(card->formula, r)),
                             &s->result[type][r]))
                return false;
    }
    return true;
}

static bool dump_partition(struct dump *d, uint32_t partition)
{
    struct table_columns *tables = arena_array(&d->part, struct table_columns, d->g->tables.count + 1);
    struct score_columns scores;
    int64_t *type, *flags, *count, *record, *closed;
    uint64_t next = 0, customers = segment_rows(d->g->customer, partition, segment_find(d->g->customer, "type"));
    if (!read_column(d, d->g->customer, partition, "type", &type) ||
        !read_column(d, d->g->customer, partition, "flags", &flags) ||
        !read_column(d, d->g->source, partition, "count", &count) ||
        !read_column(d, d->g->source, partition, "record", &record) ||
        !read_column(d, d->g->source, partition, "closed", &closed) || !read_scores(d, partition, &scores))
        return false;
    for (int t = 0; t < d->g->tables.count; t++)
        if (!read_table(d, partition, t, &tables[t])) return false;
    for (uint64_t i = 0; i < customers; i++) {
        struct founder first = {0};
        if (!add_sources(d, record + next, closed + next, (uint64_t)count[i], &first)) return false;
        next += (uint64_t)count[i];
        for (int t = 0; t < d->g->tables.count; t++)
            if (!add_rows(d, t, &tables[t], i)) return false;
        if (!first.file) continue; /* a number that is not in force */
        add_scores(d, &scores, (int)type[i], (unsigned)flags[i], i);
        end_block(d, &first, (int)type[i]);
    }
    return true;
}

bool dump_population(struct generation *g, const struct scorecards *cards, bool unmask, struct buf *out,
                     struct status *st)
{
    struct dump d = {.g = g, .cards = cards, .unmask = unmask, .tool = probe_tool_new(), .st = st};
    bool ok = true;
    arena_init(&d.all, "dump");
    buf_init(&d.text, DUMP_BYTES_MAX);
    buf_init(&d.value, DUMP_BYTES_MAX);
    for (uint32_t p = 0; ok && p < segment_partitions(g->customer); p++) {
        arena_init(&d.part, "dump of a partition");
        ok = dump_partition(&d, p);
        arena_release(&d.part);
    }
    if (ok) qsort(d.blocks, d.blocks_count, sizeof *d.blocks, by_bytes);
    for (size_t i = 0; ok && i < d.blocks_count; i++) buf_add_text(out, d.blocks[i].text);
    free(d.blocks);
    free(d.lines);
    buf_release(&d.text);
    buf_release(&d.value);
    arena_release(&d.all);
    probe_tool_free(d.tool);
    return ok || status_while(st, "writing the population of generation %s", g->id);
}
