/* crmx population compare: the living population against a full unload, before anybody decides on a refresh. */
#include "base/os.h"
#include "control/listing.h"
#include "control/show_unit.h"
#include "etl/dump.h"
#include "etl/run.h"

#include <stdio.h>
#include <string.h>

struct block { /* one customer of a dump */
    const char *text;
    size_t head, length; /* of the first line; of all */
};

struct side {
    struct generation *g;
    struct scorecards cards;
    struct buf text;
    struct block *blocks;
    size_t count;
};

static bool is_head(const char *line)
{
    return strncmp(line, "customer\t", 9) == 0;
}

static void cut(struct side *s)
{
    const char *end = s->text.bytes + s->text.length;
    for (const char *p = s->text.bytes; p && p < end;) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p)), *next = line_end ? line_end + 1 : end;
        while (next < end && !is_head(next)) {
            const char *n = memchr(next, '\n', (size_t)(end - next));
            next = n ? n + 1 : end;
        }
        if (s->count % 1024 == 0) {
            s->blocks = realloc(s->blocks, (s->count + 1024) * sizeof *s->blocks);
            ensure(s->blocks);
        }
        s->blocks[s->count++] = (struct block){p, (size_t)((line_end ? line_end : end) - p), (size_t)(next - p)};
        p = next;
    }
}

static bool open_side(struct side *s, const char *unit_folder, bool unmask, struct status *st)
{
    buf_init(&s->text, INT32_MAX);
    if (!generation_open(unit_folder, NULL, &s->g, st) ||
        !scorecards_load(s->g->unit, &s->g->tables, &s->g->reference.rates, &s->g->arena, &s->cards, st) ||
        !dump_population(s->g, &s->cards, unmask, &s->text, st))
        return false;
    if (buf_full(&s->text)) {
        status_fail(st, STATUS_USAGE, "the population is too large to be compared in memory");
        return status_hint(st, "compare by city branch, or the totals: crmx reconcile");
    }
    cut(s);
    return true;
}

static void close_side(struct side *s)
{
    free(s->blocks);
    buf_release(&s->text);
    scorecards_release(&s->cards);
    generation_close(s->g);
}

struct sums {
    uint64_t same, different, only_living, only_unload;
};

static void tell(struct listing *rows, const char *what, const struct block *b, struct arena *arena)
{
    listing_text(rows, what);
    listing_text(rows, arena_dup(arena, (struct view){b->text, b->head}));
}

static void compare(const struct side *a, const struct side *b, bool list, struct sums *sums, struct listing *rows,
                    struct arena *arena)
{
    for (size_t i = 0, k = 0; i < a->count || k < b->count;) {
        const struct block *x = i < a->count ? &a->blocks[i] : NULL, *y = k < b->count ? &b->blocks[k] : NULL;
        int c = !x ? 1 : !y ? -1 : memcmp(x->text, y->text, x->head < y->head ? x->head : y->head);
        if (c == 0 && x->head != y->head) c = x->head < y->head ? -1 : 1;
        bool same = c == 0 && x->length == y->length && memcmp(x->text, y->text, x->length) == 0;
        sums->same += same;
        sums->different += c == 0 && !same;
        sums->only_living += c < 0;
        sums->only_unload += c > 0;
        if (list && !same)
            tell(rows, c < 0 ? "only living" : c > 0 ? "only in the unload" : "different", c > 0 ? y : x, arena);
        i += c <= 0;
        k += c >= 0;
    }
}

/* The unload, loaded beside the unit: nothing of it is delivered, and nothing is left. */
static bool load_unload(struct command_call *call, const char *unit, const char *state, int32_t date, struct status *st)
{
    struct run_request request = {
        .work = call->work,
        .unit = unit,
        .kind = RUN_INITIAL,
        .business_date = date,
        .state_work = state,
        .inbox = command_text(call, "inbox", NULL),
        .threads = (int)option_integer(call->options, OPTION_RUN_THREADS),
        .memory_max = option_size(call->options, OPTION_RUN_MEMORY_MAX),
        .temp_folder = option_path(call->options, OPTION_RUN_TEMP_DIR),
        .partition_customers = (uint32_t)option_integer(call->options, OPTION_RUN_PARTITION_CUSTOMERS),
        .batch = (uint32_t)option_integer(call->options, OPTION_RUN_BATCH),
        .quiet = true,
    };
    struct run_result result;
    return run_unit(&request, &result, st);
}

static int run(struct command_call *call)
{
    static const char *const COLUMNS[] = {"what", "customer", NULL}, *const SUMS[] = {"what", "customers", NULL};
    const char *unit = show_unit(call, &call->status);
    if (!unit) return command_failed(call);
    const char *state = arena_printf(&call->arena, "%s/compare.tmp", show_unit_folder(call, unit)),
               *beside = arena_printf(&call->arena, "%s/state/units/%s", state, unit);
    bool list = command_flag(call, "list"), unmask = command_flag(call, "unmask");
    struct side living = {.g = NULL}, unload = {.g = NULL};
    struct sums sums = {0};
    struct listing rows;
    listing_init(&rows, list ? COLUMNS : SUMS);
    struct status *st = &call->status, ignored = {0};
    bool ok = os_remove_tree(state, st) && open_side(&living, show_unit_folder(call, unit), unmask, st);
    int32_t date = ok ? command_date(call, "date", living.g->business_date) : 0;
    ok = ok && load_unload(call, unit, state, date, st) && open_side(&unload, beside, unmask, st);
    if (ok) compare(&living, &unload, list, &sums, &rows, &call->arena);
    const struct {
        const char *name;
        uint64_t count;
    } lines[] = {{"same", sums.same},
                 {"different", sums.different},
                 {"only living", sums.only_living},
                 {"only in the unload", sums.only_unload}};
    for (int i = 0; ok && !list && i < 4; i++) {
        listing_text(&rows, lines[i].name);
        listing_integer(&rows, (int64_t)lines[i].count);
    }
    if (ok) listing_print(&rows, &call->output);
    listing_release(&rows);
    close_side(&living);
    close_side(&unload);
    os_remove_tree(state, &ignored);
    bool equal = sums.different + sums.only_living + sums.only_unload == 0;
    return !ok ? command_failed(call) : equal ? 0 : 4;
}

const struct command command_population_compare = {
    .name = "population compare",
    .summary = "the living population against a full unload: who is missing, too many, different",
    .description =
        "Loads the unload beside the unit, takes nothing away and leaves nothing behind, and compares customer "
        "by customer, keyed by identity: records, accounts, measures, scores, threshold result. Exit code 4 "
        "when something differs. To take the unload over: crmx run refresh.",
    .arguments =
        (const struct command_value[]){
            {.name = "inbox", .type = COMMAND_TEXT, .doc = "the folder with the unload files", .required = true}, {0}},
    .options =
        (const struct command_value[]){
            SHOW_UNIT,
            {.name = "date",
             .letter = 'd',
             .type = COMMAND_DATE,
             .doc = "business date of the unload (default: that of the population)"},
            {.name = "list", .type = COMMAND_FLAG, .doc = "name the customers that differ instead of counting them"},
            {.name = "unmask", .type = COMMAND_FLAG, .doc = "show IDs and names in full"},
            {0}},
    .examples =
        "crmx population compare /data/full/11 --unit 11\ncrmx population compare /data/full/11 --unit 11 --list",
    .rows = "",
    .run = run,
};
