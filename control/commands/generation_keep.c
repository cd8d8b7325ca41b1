/* crmx generation prune, rollback, diff: what is kept, going back, what is different between two dates. */
#include "base/date.h"
#include "control/listing.h"
#include "control/show.h"
#include "control/show_delivery.h"
#include "etl/keep.h"
#include "etl/lookup.h"
#include "etl/number.h"
#include "etl/populate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- prune --- */

struct pruned {
    struct listing rows;
    int count;
};

static void tell(void *context, const char *id)
{
    struct pruned *p = context;
    listing_text(&p->rows, id);
    p->count++;
}

static int run_prune(struct command_call *call)
{
    static const char *const COLUMNS[] = {"generation", NULL};
    const char *unit = show_unit(call, &call->status);
    struct keep_unit u;
    if (!unit || !show_keep_unit(call, unit, &u, &call->status)) return command_failed(call);
    struct pruned p = {.count = 0};
    listing_init(&p.rows, COLUMNS);
    bool rehearse = command_flag(call, "rehearse");
    bool ok = keep_prune(&u, (int)command_integer(call, "keep", 7), rehearse, tell, &p, &call->status);
    if (ok) listing_print(&p.rows, &call->output);
    if (ok && !call->json && !call->quiet)
        fprintf(stderr, "%d generations %s\n", p.count, rehearse ? "would be removed" : "removed");
    listing_release(&p.rows);
    return ok ? 0 : command_failed(call);
}

const struct command command_generation_prune = {
    .name = "generation prune",
    .summary =
        "removes old generations: the latest 7 dates, the month ends, the current one and what targets need stay",
    .options =
        (const struct command_value[]){SHOW_UNIT,
                                       {.name = "keep",
                                        .type = COMMAND_INTEGER,
                                        .minimum = 1,
                                        .maximum = 3660,
                                        .doc = "how many dates stay besides the month ends (default 7)"},
                                       {.name = "rehearse", .type = COMMAND_FLAG, .doc = "only say what would go"},
                                       {0}},
    .examples = "crmx generation prune --unit 11 --rehearse\ncrmx generation prune --unit 11",
    .rows = "",
    .run = run_prune,
};

/* --- rollback --- */

static int run_rollback(struct command_call *call)
{
    const char *unit = show_unit(call, &call->status);
    char id[GENERATION_ID_MAX];
    struct keep_unit u;
    if (!unit || !show_keep_unit(call, unit, &u, &call->status) ||
        !keep_rollback(&u, command_date(call, "to", 0), command_text(call, "reason", ""), id, &call->status))
        return command_failed(call);
    if (call->json)
        printf("{\"generation\":\"%s\"}\n", id);
    else
        printf("generation %s is current; the database follows: crmx db load --unit %s; the targets: crmx delivery run "
               "--unit %s\n",
               id, unit, unit);
    return 0;
}

const struct command command_generation_rollback = {
    .name = "generation rollback",
    .summary = "makes the generation of an earlier date the current one",
    .description = "Later dates are run again after it; the integrated numbers they had given are burned. A target "
                   "that has a later "
                   "date gets a set that takes it back: full, or a delta. Refused while a set is under way at a "
                   "target, and where the "
                   "generation a delta would start from is gone.",
    .options =
        (const struct command_value[]){
            SHOW_UNIT,
            {.name = "to", .type = COMMAND_DATE, .doc = "the business date to go back to", .required = true},
            {.name = "reason",
             .type = COMMAND_TEXT,
             .placeholder = "TEXT",
             .doc = "why; it stands in the journals of the dates taken back",
             .required = true},
            {0}},
    .examples = "crmx generation rollback --unit 11 --to 2026-11-04 --reason 'wrong files on the 5th'",
    .run = run_rollback,
};

/* --- diff --- */

enum change { CHANGE_NEW, CHANGE_GONE, CHANGE_ENTERED, CHANGE_LEFT, CHANGE_KEPT, CHANGE_SCORE, CHANGES };
static const char *const CHANGE_NAMES[] = {"new", "gone", "entered", "left", "kept", "score"};

struct side {
    struct generation *g;
    int64_t *type, *flags, *score[CUSTOMER_TYPES];
    uint64_t places;
};

static bool load(struct side *s, uint32_t partition, const char *name, int64_t **values, struct status *st)
{
    int column = segment_find(s->g->customer, name);
    free(*values);
    *values = calloc(s->places + 1, sizeof **values);
    ensure(*values);
    return column < 0 || !s->places || segment_get(s->g->customer, partition, column, 0, s->places, *values, st);
}

static bool load_side(struct side *s, uint32_t partition, struct status *st)
{
    s->places = partition < segment_partitions(s->g->customer)
                    ? segment_rows(s->g->customer, partition, segment_find(s->g->customer, "type"))
                    : 0;
    return load(s, partition, "type", &s->type, st) && load(s, partition, "flags", &s->flags, st) &&
           load(s, partition, "P.result.score", &s->score[CUSTOMER_PERSONAL], st) &&
           load(s, partition, "C.result.score", &s->score[CUSTOMER_CORPORATE], st);
}

static bool lives(const struct side *s, uint64_t place)
{
    return place < s->places && s->type[place] < CUSTOMER_TYPES;
}

static enum change change_of(const struct side *a, const struct side *b, uint64_t i)
{
    bool before = lives(a, i), after = lives(b, i);
    if (!before || !after) return before ? CHANGE_GONE : after ? CHANGE_NEW : CHANGES;
    bool was = a->flags[i] & CUSTOMER_SELECTED, is = b->flags[i] & CUSTOMER_SELECTED;
    if (was != is) return is ? CHANGE_ENTERED : CHANGE_LEFT;
    if (!(a->flags[i] & CUSTOMER_KEPT) && (b->flags[i] & CUSTOMER_KEPT)) return CHANGE_KEPT;
    return a->score[a->type[i]][i] != b->score[b->type[i]][i] ? CHANGE_SCORE : CHANGES;
}

static void free_side(struct side *s)
{
    free(s->type);
    free(s->flags);
    for (int t = 0; t < CUSTOMER_TYPES; t++) free(s->score[t]);
    generation_close(s->g);
}

static bool compare(struct side *a, struct side *b, bool list, uint64_t counts[CHANGES], struct listing *rows,
                    struct arena *arena, struct status *st)
{
    if (a->g->first_number != b->g->first_number || a->g->partition_customers != b->g->partition_customers) {
        status_fail(st, STATUS_USAGE, "generations %s and %s are of two populations: their numbers do not compare",
                    a->g->id, b->g->id);
        return status_hint(st, "compare them by identity: crmx population dump --canonical");
    }
    uint32_t partitions = segment_partitions(b->g->customer);
    if (segment_partitions(a->g->customer) > partitions) partitions = segment_partitions(a->g->customer);
    uint64_t number = b->g->first_number;
    for (uint32_t p = 0; p < partitions; p++) {
        if (!load_side(a, p, st) || !load_side(b, p, st)) return false;
        uint64_t places = a->places > b->places ? a->places : b->places;
        for (uint64_t i = 0; i < places; i++, number++) {
            enum change c = change_of(a, b, i);
            if (c == CHANGES) continue;
            counts[c]++;
            if (!list || c == CHANGE_SCORE) continue;
            char text[NUMBER_TEXT_MAX];
            listing_text(rows, number_text(b->g->unit, number, text));
            listing_text(rows, CHANGE_NAMES[c]);
        }
    }
    return true;
}

static int run_diff(struct command_call *call)
{
    static const char *const COLUMNS[] = {"number", "change", NULL}, *const SUMS[] = {"change", "customers", NULL};
    const char *unit = show_unit(call, &call->status);
    struct side a = {.g = NULL}, b = {.g = NULL};
    struct listing rows;
    uint64_t counts[CHANGES] = {0};
    bool list = command_flag(call, "list");
    listing_init(&rows, list ? COLUMNS : SUMS);
    bool ok = unit &&
              generation_open(show_unit_folder(call, unit), command_text(call, "from", NULL), &a.g, &call->status) &&
              generation_open(show_unit_folder(call, unit), command_text(call, "to", NULL), &b.g, &call->status) &&
              compare(&a, &b, list, counts, &rows, &call->arena, &call->status);
    for (int c = 0; ok && !list && c < CHANGES; c++) {
        listing_text(&rows, CHANGE_NAMES[c]);
        listing_integer(&rows, (int64_t)counts[c]);
    }
    if (ok) listing_print(&rows, &call->output);
    listing_release(&rows);
    free_side(&a);
    free_side(&b);
    return ok ? 0 : command_failed(call);
}

const struct command command_generation_diff = {
    .name = "generation diff",
    .summary = "what is different between two generations: customers, selection, scores",
    .description =
        "Counts of customers who are new or gone, entered or left the selection, are kept by the leave policy "
        "only, or have another score. --list names them (but for scores).",
    .arguments =
        (const struct command_value[]){
            {.name = "from", .type = COMMAND_TEXT, .doc = "the earlier one", .required = true},
            {.name = "to", .type = COMMAND_TEXT, .doc = "the later one (default: the current one)"},
            {0}},
    .options =
        (const struct command_value[]){
            SHOW_UNIT,
            {.name = "list", .type = COMMAND_FLAG, .doc = "the numbers of those who changed, in order"},
            {0}},
    .examples = "crmx generation diff 2026-11-04.001.1\ncrmx generation diff 2026-11-04.001.1 2026-11-05.001.1 --list",
    .rows = "",
    .run = run_diff,
};
