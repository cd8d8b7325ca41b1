/* crmx parameter show, history, verify: what counts, and where it comes from. Show reads the files as a run does, so it
 * needs no database. */
#include "base/date.h"
#include "control/act.h"
#include "control/show.h"
#include "control/show_source.h"
#include "control/show_unit.h"
#include "control/show_value.h"
#include "etl/database_query.h"
#include "scoring/formula.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- show --- */

struct showing {
    struct command_call *call;
    struct arena *arena;
    struct unit *unit; /* as configured in files */
    struct parameter_resolved p;
    struct parameter_set set;
    int32_t date, change; /* change: the next one there is, DATE_NONE: none */
    struct listing rows;
};

/* What counts of a resolved date, as one file; lists: of the level i. */
static const struct parameter_file *counting(const struct parameter_resolved *p, int type, const char *part, int i)
{
    if (type == CUSTOMER_TYPES) return p->list[i];
    const struct parameter_choice *c = &p->of[type];
    return *part == 'f' ? c->formula : *part == 't' ? c->threshold : c->challenger;
}

/* The last date for which the same counts; DATE_NONE: no other file is there yet. */
static int32_t until(struct showing *s, int type, const char *part, int i)
{
    const struct parameter_file *now = counting(&s->p, type, part, i);
    for (int32_t d = parameter_next_change(&s->set, s->date); d != INT32_MAX; d = parameter_next_change(&s->set, d)) {
        struct parameter_resolved then;
        parameter_resolve(&s->set, s->unit->id, d, &then);
        if (counting(&then, type, part, i) == now) continue;
        if (s->change == DATE_NONE || d < s->change) s->change = d;
        return d - 1;
    }
    return DATE_NONE;
}

/* Formula and challenger of a version each have their own; "digest" is that of the whole version. */
static const char *digest_of(struct showing *s, const char *text)
{
    return arena_printf(s->arena, "%.12s", show_digest(s->call, text));
}

static void add(struct showing *s, int type, const char *part, const char *value, const char *level,
                const struct parameter_file *f, const char *file, int list)
{
    char from[11] = "", last[11];
    date_format(until(s, type, part, list), last);
    if (f) date_format(f->effective_from, from);
    listing_text(&s->rows, PARAMETER_CUSTOMER_TYPES[type]);
    listing_text(&s->rows, part);
    listing_text(&s->rows, value);
    listing_text(&s->rows, f ? f->level : level);
    listing_text(&s->rows, f && f->version ? arena_printf(s->arena, "%" PRId64, f->version) : NULL);
    listing_text(&s->rows, f && f->digest ? arena_printf(s->arena, "%.12s", f->digest) : NULL);
    listing_text(&s->rows, from[0] ? from : NULL);
    listing_text(&s->rows, last[0] ? last : NULL);
    listing_text(&s->rows, f ? arena_printf(s->arena, "state/parameters/%06d.parameter", f->number) : file);
}

/* The threshold that stands in a formula's text, as an amount; NULL: the text is no formula. */
static const char *threshold_of(struct showing *s, const char *text)
{
    struct status ignored = {0};
    struct formula *f = NULL;
    const char *amount = NULL;
    if (text && formula_parse("formula", view_of(text), &f, &ignored))
        amount = show_decimal(s->arena, formula_threshold(f), 2);
    formula_free(f);
    return amount;
}

static const char *from_file(struct showing *s, const char *path)
{
    struct status ignored = {0};
    struct buf text;
    buf_init(&text, PARAMETER_TEXT_MAX * 2);
    const char *amount = NULL;
    if (os_read_file(path, &text, &ignored) && text.bytes) amount = threshold_of(s, text.bytes);
    buf_release(&text);
    return amount;
}

static void show_type(struct showing *s, int type)
{
    const struct parameter_choice *c = &s->p.of[type];
    const struct unit *u = s->unit;
    const char *name = u->formula_name[type], *file = name ? arena_printf(s->arena, "formulas/%s.formula", name) : NULL;
    if (c->formula)
        add(s, type, "formula", digest_of(s, c->formula->formula), NULL, c->formula, NULL, 0);
    else if (file)
        add(s, type, "formula", name, "file", NULL, file, 0);
    if (c->threshold)
        add(s, type, "threshold",
            c->threshold_in_formula ? threshold_of(s, c->threshold->formula) : c->threshold->threshold, NULL,
            c->threshold, NULL, 0);
    else if (u->has_threshold[type])
        add(s, type, "threshold", show_decimal(s->arena, u->threshold_minor[type], 2), "file", NULL,
            arena_printf(s->arena, "units/%s.ini", u->id), 0);
    else if (file)
        add(s, type, "threshold", from_file(s, command_path(s->call, "%s", file)), "file", NULL, file, 0);
    if (c->challenger)
        add(s, type, "challenger", digest_of(s, c->challenger->challenger), NULL, c->challenger, NULL, 0);
}

static void show_lists(struct showing *s)
{
    for (int i = 0; i < 2; i++) {
        if (!s->p.list[i]) continue;
        int lines = 0;
        for (const char *p = s->p.list[i]->list; *p; p++) lines += *p == '\n';
        add(s, CUSTOMER_TYPES, "lists", arena_printf(s->arena, lines == 1 ? "%d entry" : "%d entries", lines), NULL,
            s->p.list[i], NULL, i);
    }
}

/* Without --date the next date to be run. Nothing run yet: what was decided last. */
static bool choose_date(struct command_call *call, const char *unit, int32_t *date, struct status *st)
{
    *date = command_date(call, "date", DATE_NONE);
    return *date != DATE_NONE || show_next_date(call, unit, date, st);
}

static bool show_parameters(struct showing *s, struct status *st)
{
    static const char *const COLUMNS[] = {"type",   "part", "value", "level",  "version",
                                          "digest", "from", "until", "source", NULL};
    const char *unit = show_unit(s->call, st);
    char text[11] = "";
    if (!unit || !unit_load(s->call->work, unit, s->arena, &s->unit, st) || !choose_date(s->call, unit, &s->date, st) ||
        !parameter_load(s->call->work, s->arena, &s->set, st))
        return false;
    s->change = DATE_NONE;
    parameter_resolve(&s->set, unit, s->date, &s->p);
    listing_init(&s->rows, COLUMNS);
    s->rows.hide_empty = true;
    for (int t = 0; t < CUSTOMER_TYPES; t++) show_type(s, t);
    show_lists(s);
    if (s->date != INT32_MAX) date_format(s->date, text);
    if (!s->call->json && !s->call->quiet)
        printf("parameters of unit %s%s%s\n", unit, text[0] ? " for business date " : " as decided last", text);
    listing_print(&s->rows, &s->call->output);
    listing_release(&s->rows);
    date_format(s->change, text);
    if (text[0] && !s->call->quiet)
        fprintf(stderr, "from %s on something else counts: crmx parameter show --unit %s --date %s\n", text, unit,
                text);
    return true;
}

static int run_show(struct command_call *call)
{
    struct showing *s = arena_new(&call->arena, struct showing);
    s->call = call;
    s->arena = &call->arena;
    return show_parameters(s, &call->status) ? 0 : command_failed(call);
}

const struct command command_parameter_show = {
    .name = "parameter show",
    .summary = "what a run of a unit would use on a business date, and which level each part comes from",
    .description =
        "Level: the unit itself, head (the head office), or file (formulas/ and the unit file, where nothing "
        "is activated). Until: the last date it counts for, where something else was decided for a later one already. "
        "Reads the files a run reads; needs no database.",
    .options = (const struct command_value[]){SHOW_UNIT,
                                              {.name = "date",
                                               .letter = 'd',
                                               .type = COMMAND_DATE,
                                               .doc = "business date (default: the next one to be run)"},
                                              {0}},
    .examples = "crmx parameter show --unit 11\ncrmx parameter show --unit 11 --date 2026-10-31 --json",
    .rows = "",
    .run = run_show,
};

/* --- history --- */

static int run_history(struct command_call *call)
{
    static const char *const COLUMNS[] = {"number",       "kind",       "level",  "type",        "effective_from",
                                          "version",      "instead_of", "author", "approved_by", "activated_by",
                                          "activated_at", "reason",     NULL};
    struct parameter_store store = {0};
    const char *values[] = {command_text(call, "unit", NULL)};
    bool ok = act_check_level(call, &call->status) && act_open(call, false, &store, &call->status) &&
              act_list(call, store.connection, "parameter_history", values, 1, COLUMNS, &call->status);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_parameter_history = {
    .name = "parameter history",
    .summary = "everything that came into force: activations, rollbacks, retirements, lists",
    .options = (const struct command_value[]){{.name = "unit",
                                               .letter = 'u',
                                               .type = COMMAND_TEXT,
                                               .placeholder = "UNIT",
                                               .doc = "only of this unit, or head"},
                                              {0}},
    .examples = "crmx parameter history --unit 11",
    .rows = "",
    .run = run_history,
};

/* --- verify --- */

/* Opening the store has compared every file with the database, and set right what a crash or a restore has left. */
static int run_verify(struct command_call *call)
{
    struct parameter_store store = {0};
    struct parameter_set set;
    bool ok =
        act_open(call, false, &store, &call->status) && parameter_load(call->work, &call->arena, &set, &call->status);
    const char *head = ok && set.count ? set.file[set.count - 1].hash : "";
    if (ok && call->output.format == LISTING_CSV) {
        static const char *const NAMES[] = {"files", "repaired", "head"};
        const char *cells[] = {arena_printf(&call->arena, "%d", set.count),
                               arena_printf(&call->arena, "%d", store.repaired), head};
        listing_print_names(&call->output, NAMES, 3);
        listing_print_cells(&call->output, NAMES, cells, 3);
    } else if (ok && call->json)
        printf("{\"files\": %d, \"repaired\": %d, \"head\": \"%s\"}\n", set.count, store.repaired, head);
    else if (ok && !call->quiet)
        printf("%d files, all as the database knows them; %d set right just now\n", set.count, store.repaired);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_parameter_verify = {
    .name = "parameter verify",
    .summary = "compare the files of state/parameters with the database; complete what was cut short",
    .description =
        "Every command that uses the database does this first. A file that is missing is written again, one the "
        "database does not know (it was restored to an earlier day) is taken back into it.",
    .examples = "crmx parameter verify",
    .rows = "",
    .run = run_verify,
};
