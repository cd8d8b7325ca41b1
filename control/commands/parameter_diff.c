/* crmx parameter diff: what a version changes against what was in force before, line by line. */
#include "control/act.h"
#include "control/show.h"
#include "control/show_formula.h"
#include "etl/database_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIFF_LINES_MAX = 4000 };

struct lines {
    struct view line[DIFF_LINES_MAX];
    int count;
};

struct diff {
    struct command_call *call;
    struct parameter_version from, to;
    int64_t other; /* number of the version before; 0: the files of the unit */
    struct lines a, b;
    struct listing parts, lines;
    int changed;
    struct status *st;
};

/* --- two texts --- */

static bool split(const char *text, struct lines *l, struct status *st)
{
    l->count = 0;
    for (const char *p = text ? text : ""; *p;) {
        size_t n = strcspn(p, "\n");
        if (l->count == DIFF_LINES_MAX) {
            status_fail(st, STATUS_USAGE, "a text of more than %d lines cannot be compared", DIFF_LINES_MAX);
            return status_hint(st, "compare the texts with another program: crmx formula show VERSION --text");
        }
        l->line[l->count++] = (struct view){p, n};
        p += n + (p[n] == '\n');
    }
    return true;
}

/* A line of one of the two texts: people read it at once, programs get it as a row. */
static void add_line(struct diff *d, const char *part, const struct lines *of, int line, bool added)
{
    d->changed++;
    if (!d->call->json) {
        printf("%4d %c %.*s\n", line + 1, added ? '+' : '-', VIEW_PRINT(of->line[line]));
        return;
    }
    listing_text(&d->lines, part);
    listing_text(&d->lines, added ? "added" : "removed");
    listing_integer(&d->lines, line + 1);
    listing_text(&d->lines, arena_dup(&d->call->arena, of->line[line]));
}

/* Longest common subsequence from the ends on: common[i][k] for the rests a[i…], b[k…]. */
static uint16_t *common_lines(const struct lines *a, const struct lines *b, struct arena *arena)
{
    size_t width = (size_t)b->count + 1;
    uint16_t *common = arena_array(arena, uint16_t, ((size_t)a->count + 1) * width);
    for (int i = a->count - 1; i >= 0; i--)
        for (int k = b->count - 1; k >= 0; k--) {
            uint16_t *here = &common[(size_t)i * width + (size_t)k], down = here[width], right = here[1];
            *here = view_equal(a->line[i], b->line[k]) ? (uint16_t)(here[width + 1] + 1) : down > right ? down : right;
        }
    return common;
}

static void add_difference(struct diff *d, const char *part)
{
    const struct lines *a = &d->a, *b = &d->b;
    size_t width = (size_t)b->count + 1;
    const uint16_t *common = common_lines(a, b, &d->call->arena);
    for (int i = 0, k = 0; i < a->count || k < b->count;) {
        const uint16_t *here = &common[(size_t)i * width + (size_t)k];
        if (i < a->count && k < b->count && view_equal(a->line[i], b->line[k]))
            i++, k++;
        else if (k == b->count || (i < a->count && here[width] >= here[1]))
            add_line(d, part, a, i++, false);
        else
            add_line(d, part, b, k++, true);
    }
}

/* --- the parts --- */

static bool diff_part(struct diff *d, const char *part, const char *from, const char *to)
{
    const char *change = from && to    ? strcmp(from, to) == 0 ? "none" : "changed"
                         : !from && to ? "was inherited"
                         : from        ? "is inherited now"
                                       : "inherited";
    bool changed = (from || to) && strcmp(change, "none") != 0;
    listing_text(&d->parts, part);
    listing_text(&d->parts, change);
    if (!split(from, &d->a, d->st) || !split(to, &d->b, d->st)) return false;
    if (!changed) return true;
    if (!d->call->json) printf("%s:%s%s\n", part, from && to ? "" : " ", from && to ? "" : change);
    d->changed++;
    add_difference(d, part);
    return true;
}

/* --- what is compared --- */

/* The other version: the one given, else what was in force before it. */
static bool other_version(struct command_call *call, struct parameter_store *store, int64_t version, int64_t *other,
                          struct status *st)
{
    char text[24];
    *other = command_integer(call, "other", 0);
    if (*other) return true;
    snprintf(text, sizeof text, "%" PRId64, version);
    PGresult *r = database_query(store->connection, "parameter_before", (const char *const[]){text}, 1, st);
    if (r && PQntuples(r)) *other = atoll(PQgetvalue(r, 0, 0));
    PQclear(r);
    return r != NULL;
}

/* Without a version of its own the unit followed the head office. *other 0: nor has that one. */
static bool inherited_version(struct parameter_store *store, const struct parameter_version *v, int64_t *other,
                              struct status *st)
{
    struct parameter_version head;
    if (*other || strcmp(v->level, PARAMETER_HEAD) == 0) return true;
    if (!parameter_store_active(store, PARAMETER_HEAD, v->customer_type, &head, st)) return false;
    *other = head.version;
    return true;
}

/* What counted before there was any version: the files of the unit. The head office has none. */
static bool of_files(struct command_call *call, const struct parameter_version *v, struct parameter_version *out,
                     struct status *st)
{
    struct unit *unit;
    int type = unit_customer_type(v->customer_type);
    *out = (struct parameter_version){.state = "files"};
    if (strcmp(v->level, PARAMETER_HEAD) == 0) {
        status_fail(st, STATUS_USAGE, "nothing of its kind was in force before version %" PRId64, v->version);
        return status_hint(st, "name the version to compare with: crmx parameter diff %" PRId64 " OTHER", v->version);
    }
    if (!show_unit_configured(call, v->level, &unit, st)) return false;
    if (unit->has_threshold[type]) out->threshold = show_decimal(&call->arena, unit->threshold_minor[type], 2);
    if (!unit->formula_name[type]) return true;
    out->formula = act_read_text(call, command_path(call, "formulas/%s.formula", unit->formula_name[type]), st);
    return out->formula != NULL;
}

/* The states as they are by the dates. */
static bool set_states(struct diff *d, struct parameter_store *store)
{
    struct parameter_version *const both[] = {&d->to, &d->from};
    struct act_dates dates;
    if (!act_dates_open(&dates, store, d->st)) return false;
    for (int i = 0; i < (d->other ? 2 : 1); i++) {
        struct act_state state;
        if (!act_state(&dates, both[i]->version, both[i]->level, both[i]->state, &state, d->st)) return false;
        both[i]->state = d->call->json ? state.word : state.text;
    }
    return true;
}

static bool open_both(struct diff *d, struct parameter_store *store)
{
    int64_t version = command_integer(d->call, "version", 0);
    return other_version(d->call, store, version, &d->other, d->st) &&
           parameter_store_version(store, version, &d->to, d->st) &&
           inherited_version(store, &d->to, &d->other, d->st) &&
           (d->other ? parameter_store_version(store, d->other, &d->from, d->st)
                     : of_files(d->call, &d->to, &d->from, d->st)) &&
           set_states(d, store);
}

/* --- the answer --- */

static bool compare(struct diff *d)
{
    if (!d->call->json && d->other)
        printf("from version %" PRId64 " (%s) to version %" PRId64 " (%s)\n", d->other, d->from.state, d->to.version,
               d->to.state);
    else if (!d->call->json)
        printf("from the files of unit %s to version %" PRId64 " (%s)\n", d->to.level, d->to.version, d->to.state);
    if (!d->other && !d->to.formula) d->from.formula = NULL; /* it goes on counting */
    if (!diff_part(d, "threshold", d->from.threshold, d->to.threshold) ||
        !diff_part(d, "formula", d->from.formula, d->to.formula) ||
        !diff_part(d, "challenger", d->from.challenger, d->to.challenger))
        return false;
    if (!d->call->json && !d->changed) printf("no difference\n");
    return true;
}

static void print_structure(struct diff *d)
{
    struct show s;
    show_open(&s, &d->call->output);
    show_section(&s, "diff", "diff");
    if (d->other)
        show_integer(&s, "from_version", d->other);
    else
        show_text(&s, "from_version", NULL);
    show_text(&s, "from_state", d->from.state);
    show_integer(&s, "to_version", d->to.version);
    show_text(&s, "to_state", d->to.state);
    show_text(&s, "level", d->to.level);
    show_text(&s, "customer_type", d->to.customer_type);
    show_text(&s, "from_threshold", d->from.threshold);
    show_text(&s, "to_threshold", d->to.threshold);
    show_rows(&s, "lines", "lines", &d->lines);
    show_rows(&s, "parts", "parts", &d->parts);
    show_print(&s);
}

static int run(struct command_call *call)
{
    static const char *const PARTS[] = {"part", "change", NULL}, *const LINES[] = {"part", "change", "line", "text",
                                                                                   NULL};
    struct parameter_store store = {0};
    struct diff *d = arena_new(&call->arena, struct diff);
    d->call = call;
    d->st = &call->status;
    listing_init(&d->parts, PARTS);
    listing_init(&d->lines, LINES);
    bool ok = act_open(call, false, &store, d->st) && open_both(d, &store) && compare(d);
    if (ok && call->json) print_structure(d);
    listing_release(&d->parts);
    listing_release(&d->lines);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_parameter_diff = {
    .name = "parameter diff",
    .summary = "what a version changes: the lines of formula, threshold and challenger",
    .description = "With --json and --csv a row for each line that was removed or added, with its number in the text "
                   "it is of; what the difference does to the selection: crmx formula diff.",
    .arguments =
        (const struct command_value[]){
            ACT_VERSION,
            {.name = "other",
             .type = COMMAND_INTEGER,
             .minimum = 1,
             .maximum = INT64_MAX,
             .doc = "the version to compare with (default: what was in force before, else the files)"},
            {0}},
    .examples = "crmx parameter diff 7\ncrmx parameter diff 7 3\ncrmx parameter diff 7 --csv > lines.csv",
    .rows = "diff lines parts",
    .run = run,
};
