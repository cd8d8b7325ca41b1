/* dump: who has which number since when. */
#include "base/date.h"
#include "etl/dump.h"
#include "etl/lookup.h"
#include "etl/number.h"
#include "etl/populate.h"

#include <inttypes.h>
#include <string.h>

struct numbers {
    struct generation *g;
    const struct scorecards *cards;
    struct arena part; /* one partition's columns */
    struct buf *out;
    struct status *st;
};

static bool read_column(struct numbers *n, struct segment *s, uint32_t partition, const char *name, int64_t **out)
{
    int column = segment_find(s, name);
    if (column < 0) return status_fail(n->st, STATUS_CORRUPT, "generation %s has no column %s", n->g->id, name);
    uint64_t rows = segment_rows(s, partition, column);
    *out = arena_array(&n->part, int64_t, rows + 1);
    return rows == 0 || segment_get(s, partition, column, 0, rows, *out, n->st);
}

static const char *threshold_of(const struct numbers *n, int type, unsigned flags, int64_t score)
{
    const struct scorecard *card = &n->cards->of[type];
    if (flags & CUSTOMER_EXCLUDED) return "excluded";
    if (!card->formula) return "not_scored";
    return score >= card->threshold_minor ? "reached" : "below";
}

struct customer_line { /* what is the same for all records of a customer */
    uint64_t number;
    int type;
    uint32_t primary;
    const char *threshold;
    int32_t entry_date;
    const char *averages; /* "" or a tab and the sum of the days for each average of the unit */
};

static bool add_record(struct numbers *n, const struct customer_line *c, uint32_t record)
{
    unsigned char room[INPUT_ROOM];
    const struct input_file *f = input_file_of(&n->g->inputs, -1, record);
    char entry[11], number[NUMBER_TEXT_MAX];
    if (!f) return status_fail(n->st, STATUS_CORRUPT, "generation %s has no archived record %u", n->g->id, record);
    const unsigned char *bytes = input_record(f, record, room, n->st);
    if (!bytes) return false;
    struct view source_no = decode_text(f->layout, f->layout->role_field[ROLE_SOURCE_NO], bytes);
    date_format(c->entry_date, entry);
    buf_addf(n->out, "%s\t%c\t%s\t%.*s\t%s\t%s\t%s%s\n", number_text(n->g->unit, c->number, number),
             c->type == CUSTOMER_CORPORATE ? 'C' : 'P',
             n->g->unit->systems[n->g->unit->layout_system[f->layout_index]].name, (int)source_no.length,
             source_no.bytes, record == c->primary ? "primary" : "contact", c->threshold, entry, c->averages);
    return true;
}

static const char *sums_of(struct numbers *n, int64_t *const *sums, uint64_t customer)
{
    const char *text = "";
    for (int i = 0; i < n->g->unit->averages_count; i++)
        text = arena_printf(&n->part, "%s\t%" PRId64, text, sums[i][customer]);
    return text;
}

static bool add_partition(struct numbers *n, uint32_t partition, uint64_t *number)
{
    struct segment *s = n->g->customer;
    int64_t *type, *flags, *primary, *entry, *count, *record, *closed, *score[CUSTOMER_TYPES] = {NULL};
    if (!read_column(n, s, partition, "type", &type) || !read_column(n, s, partition, "flags", &flags) ||
        !read_column(n, s, partition, "primary", &primary) || !read_column(n, s, partition, "entry_date", &entry) ||
        !read_column(n, n->g->source, partition, "count", &count) ||
        !read_column(n, n->g->source, partition, "record", &record) ||
        !read_column(n, n->g->source, partition, "closed", &closed))
        return false;
    if (n->cards->of[CUSTOMER_PERSONAL].formula && !read_column(n, s, partition, "P.result.score", &score[0]))
        return false;
    if (n->cards->of[CUSTOMER_CORPORATE].formula && !read_column(n, s, partition, "C.result.score", &score[1]))
        return false;
    int64_t *sums[UNIT_AVERAGES_MAX];
    char column[SCORECARD_COLUMN_MAX];
    for (int i = 0; i < n->g->unit->averages_count; i++)
        if (!read_column(n, s, partition, average_column(&n->g->unit->averages[i], column), &sums[i])) return false;
    uint64_t customers = segment_rows(s, partition, segment_find(s, "type")), next = 0;
    for (uint64_t i = 0; i < customers; i++, ++*number) {
        bool gone = flags[i] & CUSTOMER_GONE;
        int64_t *scores = gone ? NULL : score[type[i]];
        struct customer_line c = {*number,
                                  (int)type[i],
                                  (uint32_t)primary[i],
                                  gone ? "" : threshold_of(n, (int)type[i], (unsigned)flags[i], scores ? scores[i] : 0),
                                  (int32_t)entry[i],
                                  sums_of(n, sums, i)};
        for (uint64_t end = next + (uint64_t)count[i]; next < end; next++)
            if (!closed[next] && !add_record(n, &c, (uint32_t)record[next])) return false;
    }
    return true;
}

bool dump_numbers(struct generation *g, const struct scorecards *cards, struct buf *out, struct status *st)
{
    struct numbers n = {.g = g, .cards = cards, .out = out, .st = st};
    uint64_t number = g->first_number;
    bool ok = true;
    buf_add_text(out, "number\ttype\tsystem\tsource_no\trecord\tthreshold\tentry_date");
    for (int i = 0; i < g->unit->averages_count; i++) buf_addf(out, "\t%s.days", g->unit->averages[i].name);
    buf_add_text(out, "\n");
    for (uint32_t p = 0; ok && p < segment_partitions(g->customer); p++) {
        arena_init(&n.part, "numbers of a partition");
        ok = add_partition(&n, p, &number);
        arena_release(&n.part);
    }
    return ok || status_while(st, "listing the customers of generation %s", g->id);
}
