#include "etl/change.h"

#include "base/os.h"
#include "etl/change_rule.h"
#include "etl/lookup.h"
#include "etl/number.h"
#include "etl/populate.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_DECIMALS = 6, TEXT_MAX = 1 << 30 };
static const double VALUE_ONE = 1e6; /* values are compared and kept in millionths: a sum of doubles has no noise */

struct change_job {
    const struct change_request *q;
    struct segment *now;
    struct change_type types[CUSTOMER_TYPES];
    struct change_bound *rules;
    int rules_count;
    struct buf *text; /* per partition */
    uint64_t *counts;
};

struct columns {                 /* of one partition: values of a customer type of both days, and who is looked at */
    uint32_t places, old_places; /* old_places: how many yesterday had, the others did not exist */
    int64_t *type, *flags, *old_type, *old_flags;
    int64_t **now, **old; /* per name; NULL: not needed */
};

/* --- columns --- */

static bool load(struct segment *s, uint32_t partition, int column, uint32_t places, int64_t **out, struct status *st)
{
    uint64_t rows = partition < segment_partitions(s) ? segment_rows(s, partition, column) : 0;
    *out = calloc((size_t)places + 1, sizeof **out);
    ensure(*out && rows <= places);
    return rows == 0 || segment_get(s, partition, column, 0, rows, *out, st);
}

static bool load_named(struct segment *s, uint32_t partition, const char *name, uint32_t places, int64_t **out,
                       struct status *st)
{
    return load(s, partition, segment_find(s, name), places, out, st);
}

static bool is_used(const struct change_job *j, int type, int name, bool old)
{
    const struct change_type *t = &j->types[type];
    for (int r = 0; r < j->rules_count; r++) {
        const struct change_bound *b = &j->rules[r];
        if (b->rule->customer_type != type) continue;
        if (b->value ? formula_uses_customer_field(b->value, name) : b->code_name == name) return true;
        if (formula_uses_customer_field(b->when, old ? t->count + name : name)) return true;
    }
    return false;
}

/* Yesterday's codes become those of both days. */
static bool map_codes(const struct change_name *n, int64_t *values, uint32_t places, struct status *st)
{
    for (uint32_t i = 0; n->type == VALUE_CODE && i < places; i++) {
        if (values[i] < 0 || (values[i] && values[i] >= n->old_codes_count))
            return status_fail(st, STATUS_CORRUPT, "%s of yesterday holds a code that its formula does not have",
                               n->name);
        values[i] = n->old_codes_count ? n->old_codes[values[i]] : 0;
    }
    return true;
}

static bool load_columns(const struct change_job *j, uint32_t partition, int type, struct columns *c, struct status *st)
{
    const struct change_type *t = &j->types[type];
    struct segment *old = j->q->old->customer;
    c->now = calloc((size_t)t->count + 1, sizeof *c->now);
    c->old = calloc((size_t)t->count + 1, sizeof *c->old);
    ensure(c->now && c->old);
    for (int i = 0; i < t->count; i++) {
        const struct change_name *n = &t->names[i];
        if (is_used(j, type, i, false) && !load(j->now, partition, n->column, c->places, &c->now[i], st)) return false;
        if (is_used(j, type, i, true) && (!load(old, partition, n->old_column, c->places, &c->old[i], st) ||
                                          !map_codes(n, c->old[i], c->old_places, st)))
            return false;
    }
    return true;
}

static void free_columns(const struct change_job *j, int type, struct columns *c)
{
    for (int i = 0; i < j->types[type].count; i++) {
        if (c->now) free(c->now[i]);
        if (c->old) free(c->old[i]);
    }
    free(c->now);
    free(c->old);
    c->now = c->old = NULL;
}

/* --- evaluation --- */

struct judged {        /* one rule over one partition */
    int64_t *value[2]; /* today, yesterday: millionths, or a code of both days */
    uint8_t *hit;
};

/* A CRM customer tonight, scored yesterday under the same number and type. */
static bool is_looked_at(const struct columns *c, uint32_t place, int type)
{
    return place < c->old_places && c->type[place] == type && c->old_type[place] == type &&
           (c->flags[place] & CUSTOMER_SELECTED) && (c->old_flags[place] & CUSTOMER_SCORED);
}

/* Of customers that nobody looks at an overflow is none. */
static bool evaluate(struct formula_program *p, const int64_t *const *fields, const bool *ignored, uint32_t count,
                     double *out, struct status *st)
{
    int64_t bits[FORMULA_BATCH_MAX], gone[FORMULA_BATCH_MAX], *results[] = {bits, gone};
    struct formula_scratch *scratch = formula_scratch_new(p);
    struct formula_inputs in = {.count = count, .customer_fields = fields, .ignored = ignored};
    bool ok = formula_evaluate(p, &in, scratch, results, st);
    formula_scratch_free(scratch);
    memcpy(out, bits, count * sizeof *out);
    for (uint32_t i = 0; i < count; i++)
        if (gone[i]) out[i] = NAN;
    return ok;
}

static bool keep_value(const struct change_job *j, const struct change_bound *b, uint32_t partition, uint32_t place,
                       double x, int64_t *out, struct status *st)
{
    double scaled = round(x * VALUE_ONE);
    *out = 0;
    if (fabs(scaled) < 9e18) {
        *out = (int64_t)scaled;
        return true;
    }
    return status_fail(st, STATUS_INPUT, "rule %s: the value of a customer cannot be kept (partition %u, place %u): %g",
                       b->rule->name, partition, place, x);
}

/* The value of the rule, of both days. */
static bool value_batch(const struct change_job *j, const struct change_bound *b, uint32_t partition,
                        const struct columns *c, const bool *ignored, uint32_t first, uint32_t count,
                        struct judged *out, struct status *st)
{
    const struct change_type *t = &j->types[b->rule->customer_type];
    const int64_t *fields[CHANGE_NAMES_MAX];
    double values[FORMULA_BATCH_MAX];
    for (int day = 0; day < 2; day++) {
        int64_t *const *columns = day ? c->old : c->now;
        if (!b->value) {
            memcpy(out->value[day] + first, columns[b->code_name] + first, count * sizeof(int64_t));
            continue;
        }
        for (int i = 0; i < t->count; i++) fields[i] = columns[i] ? columns[i] + first : NULL;
        if (!evaluate(b->value, fields, ignored, count, values, st)) return false;
        for (uint32_t i = 0; i < count; i++)
            if (!ignored[i] && !keep_value(j, b, partition, first + i, values[i], &out->value[day][first + i], st))
                return false;
    }
    return true;
}

static bool judge_batch(const struct change_job *j, const struct change_bound *b, uint32_t partition,
                        const struct columns *c, uint32_t first, uint32_t count, struct judged *out, struct status *st)
{
    const struct change_type *t = &j->types[b->rule->customer_type];
    const int64_t *fields[2 * CHANGE_NAMES_MAX + 2];
    double hits[FORMULA_BATCH_MAX];
    bool ignored[FORMULA_BATCH_MAX];
    for (uint32_t i = 0; i < count; i++) ignored[i] = !is_looked_at(c, first + i, b->rule->customer_type);
    if (!value_batch(j, b, partition, c, ignored, first, count, out, st)) return false;
    for (int i = 0; i < t->count; i++) {
        fields[i] = c->now[i] ? c->now[i] + first : NULL;
        fields[t->count + i] = c->old[i] ? c->old[i] + first : NULL;
    }
    for (int day = 0; day < 2; day++) fields[2 * t->count + day] = out->value[day] + first;
    if (!evaluate(b->when, fields, ignored, count, hits, st)) return false;
    for (uint32_t i = 0; i < count; i++) out->hit[first + i] = hits[i] == 1 && !ignored[i];
    return true;
}

/* Of the customers of a partition. */
static uint64_t first_number(const struct change_job *j, uint32_t partition)
{
    return partition_first_number(j->q->first_number, j->q->old->partition_customers, partition);
}

static bool judge_rules(const struct change_job *j, uint32_t partition, struct columns *c, struct judged *judged,
                        struct status *st)
{
    bool ok = true;
    for (int type = 0; ok && type < CUSTOMER_TYPES; type++) {
        if (!j->q->cards->of[type].formula) continue;
        ok = load_columns(j, partition, type, c, st);
        for (int r = 0; ok && r < j->rules_count; r++) {
            const struct change_bound *b = &j->rules[r];
            for (uint32_t first = 0; ok && b->rule->customer_type == type && first < c->places;
                 first += FORMULA_BATCH_MAX) {
                uint32_t left = c->places - first, count = left < FORMULA_BATCH_MAX ? left : FORMULA_BATCH_MAX;
                ok = judge_batch(j, b, partition, c, first, count, &judged[r], st) ||
                     scorecard_name_customer(j->q->unit, first_number(j, partition) + first, count, st) ||
                     status_while(st, "judging rule %s", b->rule->name);
            }
        }
        free_columns(j, type, c);
    }
    return ok;
}

/* --- text --- */

static void add_value(struct buf *out, const struct change_job *j, const struct change_bound *b, int64_t value)
{
    if (!b->value) {
        const struct change_name *n = &j->types[b->rule->customer_type].names[b->code_name];
        buf_add_text(out, value < n->codes_count ? n->codes[value] : "");
        return;
    }
    int decimals = VALUE_DECIMALS;
    if (b->rule->type == VALUE_MONEY) { /* to the fen, half away from zero */
        value = (value + (value < 0 ? -5000 : 5000)) / 10000;
        decimals = 2;
    }
    for (; decimals && b->rule->type == VALUE_NUMBER && value % 10 == 0; decimals--) value /= 10;
    int64_t one = 1;
    for (int i = 0; i < decimals; i++) one *= 10;
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    buf_addf(out, "%s%" PRIu64, value < 0 ? "-" : "", size / (uint64_t)one);
    if (decimals) buf_addf(out, ".%0*" PRIu64, decimals, size % (uint64_t)one);
}

static void write_partition(struct change_job *j, uint32_t partition, uint32_t places, const struct judged *judged)
{
    uint64_t first = first_number(j, partition);
    struct buf *out = &j->text[partition];
    for (uint32_t i = 0; i < places; i++)
        for (int r = 0; r < j->rules_count; r++) {
            if (!judged[r].hit[i]) continue;
            char number[NUMBER_TEXT_MAX];
            buf_addf(out, "%s\t%s\t", number_text(j->q->unit, first + i, number), j->rules[r].rule->name);
            add_value(out, j, &j->rules[r], judged[r].value[1][i]);
            buf_add_text(out, "\t");
            add_value(out, j, &j->rules[r], judged[r].value[0][i]);
            buf_add_text(out, "\n");
            j->counts[partition]++;
        }
}

static bool task(void *context, int worker, uint64_t index, struct status *st)
{
    struct change_job *j = context;
    uint32_t partition = (uint32_t)index;
    struct segment *old = j->q->old->customer;
    (void)worker;
    struct columns c = {.places = (uint32_t)segment_rows(j->now, partition, segment_find(j->now, "type"))};
    if (partition < segment_partitions(old))
        c.old_places = (uint32_t)segment_rows(old, partition, segment_find(old, "type"));
    struct judged *judged = calloc((size_t)j->rules_count + 1, sizeof *judged);
    ensure(judged);
    for (int r = 0; r < j->rules_count; r++) {
        for (int day = 0; day < 2; day++) judged[r].value[day] = calloc((size_t)c.places + 1, sizeof(int64_t));
        judged[r].hit = calloc((size_t)c.places + 1, 1);
        ensure(judged[r].value[0] && judged[r].value[1] && judged[r].hit);
    }
    bool ok = load_named(j->now, partition, "type", c.places, &c.type, st) &&
              load_named(j->now, partition, "flags", c.places, &c.flags, st) &&
              load_named(old, partition, "type", c.places, &c.old_type, st) &&
              load_named(old, partition, "flags", c.places, &c.old_flags, st) &&
              judge_rules(j, partition, &c, judged, st);
    if (ok) write_partition(j, partition, c.places, judged);
    for (int r = 0; r < j->rules_count; r++) {
        free(judged[r].value[0]);
        free(judged[r].value[1]);
        free(judged[r].hit);
    }
    free(judged);
    free(c.type);
    free(c.flags);
    free(c.old_type);
    free(c.old_flags);
    return ok;
}

/* --- the call --- */

/* Rules that cannot be judged tonight are left out; a wrong one ends the run before anything is committed. */
static bool bind_rules(struct change_job *j, const struct scorecards *old_cards, struct arena *arena, struct status *st)
{
    const struct change_rules *rules = j->q->unit->changes;
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        if (!change_names(j->q, old_cards, j->now, t, arena, &j->types[t], st)) return false;
    j->rules = arena_array(arena, struct change_bound, rules->count + 1);
    for (int r = 0; r < rules->count; r++) {
        struct change_bound *b = &j->rules[j->rules_count];
        bool judged;
        bool ok = change_bind(j->q, &rules->rule[r], &j->types[rules->rule[r].customer_type], arena, b, &judged, st);
        if (ok && judged)
            j->rules_count++;
        else
            change_bound_release(b);
        if (!ok) return false;
    }
    return true;
}

static bool judge_all(struct change_job *j, struct buf *out, struct arena *arena, uint64_t *count, struct status *st)
{
    uint32_t partitions = segment_partitions(j->now);
    j->text = arena_array(arena, struct buf, partitions + 1);
    j->counts = arena_array(arena, uint64_t, partitions + 1);
    for (uint32_t p = 0; p < partitions; p++) buf_init(&j->text[p], TEXT_MAX);
    bool ok = pool_run(j->q->pool, partitions, task, j, st);
    for (uint32_t p = 0; p < partitions; p++) {
        buf_add(out, j->text[p].bytes, j->text[p].length);
        *count += j->counts[p];
        buf_release(&j->text[p]);
    }
    return ok && (!buf_full(out) || status_fail(st, STATUS_MEMORY, "more events than %d bytes hold", TEXT_MAX));
}

bool change_run(const struct change_request *q, struct arena *arena, uint64_t *count, struct status *st)
{
    struct change_job j = {.q = q};
    struct scorecards old_cards = {0};
    struct buf out;
    *count = 0;
    if (q->unit->changes->count == 0) return true;
    buf_init(&out, TEXT_MAX);
    buf_add_text(&out, CHANGE_HEAD "\n");
    j.now = segment_open(arena_printf(arena, "%s/customer.seg", q->folder), st);
    bool ok =
        j.now &&
        (!q->old ||
         scorecards_load(q->old->unit, &q->old->tables, &q->old->reference.rates, &q->old->arena, &old_cards, st)) &&
        bind_rules(&j, q->old ? &old_cards : NULL, arena, st) && (!q->old || judge_all(&j, &out, arena, count, st)) &&
        os_replace_file(arena_printf(arena, "%s/changes.tsv", q->folder), buf_view(&out), st);
    for (int r = 0; r < j.rules_count; r++) change_bound_release(&j.rules[r]);
    if (q->old) scorecards_release(&old_cards);
    segment_close(j.now);
    buf_release(&out);
    return ok || status_while(st, "finding the events of the day");
}

bool change_count(const char *path, uint64_t *count, struct status *st)
{
    struct buf text;
    *count = 0;
    buf_init(&text, TEXT_MAX);
    bool ok = os_read_file(path, &text, st);
    struct view rest = buf_view(&text), head = VIEW_LITERAL(CHANGE_HEAD "\n");
    if (ok && (rest.length < head.length || memcmp(rest.bytes, head.bytes, head.length) != 0))
        ok = status_fail(st, STATUS_CORRUPT, "\"%s\" does not begin with the columns of events", path);
    for (size_t i = head.length; ok && i < rest.length; i++) *count += rest.bytes[i] == '\n';
    buf_release(&text);
    return ok;
}
