/* crmx layout check: everything a run would freeze, read and fitted together before the night: layouts, outputs,
 * statement layouts, identity profiles, formulas, units, targets. Every file is read, so one call shows what is wrong
 * in all of them. */
#include "base/nearest.h"
#include "control/show.h"
#include "control/show_errors.h"
#include "control/show_unit.h"
#include "etl/average.h"
#include "etl/build.h"
#include "etl/change.h"
#include "etl/deliver_follow.h"
#include "etl/probe_rates.h"
#include "etl/scorecard.h"
#include "etl/statement_layout.h"

#include <stdio.h>
#include <string.h>

enum { FILES_MAX = 2048 };

enum kind { KIND_LAYOUT, KIND_OUTPUT, KIND_STATEMENT, KIND_IDENTITY, KIND_FORMULA, KIND_UNIT, KINDS };
static const char *const KIND_NAMES[KINDS] = {"layout", "output", "statement", "identity", "formula", "unit"};
static const char *const FOLDERS[KINDS] = {"layouts", "outputs", "statements", "identity", "formulas", "units"};
static const char *const ENDINGS[KINDS] = {".ini", ".ini", ".ini", ".ini", ".formula", ".ini"};

struct file {
    enum kind kind;
    const char *name;
    bool ok, used;
    const char *about, *hint;      /* what it is; when it is wrong: the message */
    const struct show_error *more; /* errors behind the first one */
    int more_count;
};

struct check {
    struct command_call *call;
    struct arena *arena;
    int32_t business_date;
    struct file files[FILES_MAX];
    int count;
    bool full;
};

/* --- files --- */

struct folder {
    struct check *check;
    enum kind kind;
};

static bool note_file(void *context, const char *name)
{
    struct folder *f = context;
    struct check *c = f->check;
    size_t length = strlen(name), ending = strlen(ENDINGS[f->kind]);
    if (name[0] == '.' || length <= ending || strcmp(name + length - ending, ENDINGS[f->kind]) != 0) return true;
    if (c->count == FILES_MAX) return !(c->full = true);
    c->files[c->count++] =
        (struct file){.kind = f->kind, .name = arena_dup(c->arena, (struct view){name, length - ending})};
    return true;
}

static bool list_files(struct check *c, struct status *st)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct folder f = {c, (enum kind)kind};
        const char *path = command_path(c->call, "%s", FOLDERS[kind]);
        if (os_exists(path) && !os_list(path, note_file, &f, st)) return false;
    }
    return !c->full || status_fail(st, STATUS_USAGE, "\"%s\" has more than %d files", c->call->work, FILES_MAX);
}

static struct file *find_file(struct check *c, enum kind kind, const char *name)
{
    for (int i = 0; i < c->count; i++)
        if (c->files[i].kind == kind && strcmp(c->files[i].name, name) == 0) return &c->files[i];
    return NULL;
}

static void good(struct file *f, const char *about)
{
    f->ok = true;
    f->about = about;
}

static void bad(struct check *c, struct file *f, const struct status *st)
{
    f->ok = false;
    f->about = arena_dup(c->arena, view_of(st->message));
    f->hint = arena_dup(c->arena, view_of(st->hint));
}

static const char *path_of(struct check *c, const struct file *f)
{
    return command_path(c->call, "%s/%s%s", FOLDERS[f->kind], f->name, ENDINGS[f->kind]);
}

/* A layout or output that is wrong by itself: what else is wrong in it? */
static void find_more(struct check *c, struct file *f)
{
    struct show_error *errors = arena_array(c->arena, struct show_error, SHOW_ERRORS_MAX);
    if (f->kind != KIND_LAYOUT && f->kind != KIND_OUTPUT) return;
    int count = show_errors_find(f->kind == KIND_LAYOUT ? SHOW_ERRORS_LAYOUT : SHOW_ERRORS_OUTPUT, path_of(c, f),
                                 f->name, c->arena, errors);
    f->more = errors + 1;
    f->more_count = count > 1 ? count - 1 : 0;
}

/* --- each file by itself --- */

static bool read_layout(struct check *c, struct file *f, struct status *st)
{
    struct layout *l;
    if (!layout_load(path_of(c, f), f->name, c->arena, &l, st)) return false;
    good(f, arena_printf(c->arena, "%s%s%s, %u bytes, %d fields", layout_class_name(l), l->system ? " of " : "",
                         l->system ? l->system : "", l->record_length, l->fields_count));
    return true;
}

static bool read_output(struct check *c, struct file *f, struct status *st)
{
    struct output *o;
    if (!output_load(path_of(c, f), f->name, c->arena, &o, st)) return false;
    good(f, arena_printf(c->arena, "%s, %u bytes, %d fields%s%s", o->file, o->record_length, o->fields_count,
                         o->table ? ", table " : "", o->table ? o->table : ""));
    return true;
}

static bool read_statement(struct check *c, struct file *f, struct status *st)
{
    struct statement_layout *s;
    if (!statement_layout_load(path_of(c, f), f->name, c->arena, &s, st)) return false;
    good(f, arena_printf(c->arena, "%s%s%s, %s", s->file, s->csv ? ", " : "", s->csv ? s->csv : "",
                         s->page_length ? arena_printf(c->arena, "%d lines a page", s->page_length) : "no pages"));
    return true;
}

static bool read_identity(struct check *c, struct file *f, struct status *st)
{
    struct identity_profile *p;
    if (!identity_load(path_of(c, f), c->arena, &p, st)) return false;
    good(f, arena_printf(c->arena, "%d ID types, names %s", p->types_count, p->names_apart ? "apart" : "ignored"));
    return true;
}

static bool read_formula(struct check *c, struct file *f, struct status *st)
{
    struct formula *formula = NULL;
    struct buf text;
    buf_init(&text, 1 << 20);
    bool ok = os_read_file(path_of(c, f), &text, st) && formula_parse(path_of(c, f), buf_view(&text), &formula, st);
    if (ok)
        good(f, arena_printf(c->arena, "%d measures, %d results, threshold %s", formula_measure_count(formula),
                             formula_result_count(formula),
                             show_grouped(c->arena, show_decimal(c->arena, formula_threshold(formula), 2))));
    formula_free(formula);
    buf_release(&text);
    return ok;
}

/* --- a unit: how the files fit together --- */

/* Files a key of [unit] names: marked as used; false when one of them is missing or wrong by itself. */
static bool mark_named(struct check *c, struct conf *unit, const char *key, enum kind kind, struct file *f)
{
    const char *list = conf_get(unit, "unit", key);
    struct view rest = view_of(list ? list : "");
    bool ok = true;
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest)) {
        struct file *named = find_file(c, kind, arena_dup(c->arena, word));
        if (named) named->used = true;
        if (named && named->ok) continue;
        ok = false;
        if (f->about) continue; /* the first one is named, the list shows the others */
        f->about = arena_printf(c->arena, named ? "%s %.*s is wrong (see there)" : "there is no %s %.*s",
                                KIND_NAMES[kind], VIEW_PRINT(word));
        if (!named)
            f->hint = arena_printf(c->arena, "write %s/%.*s%s, or take it out of units/%s.ini", FOLDERS[kind],
                                   VIEW_PRINT(word), ENDINGS[kind], f->name);
    }
    return ok;
}

static bool mark_used(struct check *c, struct file *f, struct status *st)
{
    struct conf *unit = conf_open(path_of(c, f), st);
    if (!unit) return false;
    bool ok = mark_named(c, unit, "layouts", KIND_LAYOUT, f);
    ok &= mark_named(c, unit, "changes", KIND_LAYOUT, f);
    ok &= mark_named(c, unit, "outputs", KIND_OUTPUT, f);
    ok &= mark_named(c, unit, "statement", KIND_STATEMENT, f);
    ok &= mark_named(c, unit, "identity", KIND_IDENTITY, f);
    ok &= mark_named(c, unit, "formula.personal", KIND_FORMULA, f);
    ok &= mark_named(c, unit, "formula.corporate", KIND_FORMULA, f);
    ok &= mark_named(c, unit, "shadow.personal", KIND_FORMULA, f);
    ok &= mark_named(c, unit, "shadow.corporate", KIND_FORMULA, f);
    conf_close(unit);
    return ok;
}

/* Sections that nobody reads: a misspelt [sytems] would be without effect. */
static bool check_sections(struct check *c, const struct file *f, struct status *st)
{
    static const char *const KNOWN[] = {"unit",     "systems", "filter",   "calendar", "rates", "nav",
                                        "interest", "gates",   "expected", "averages", NULL};
    struct conf *unit = conf_open(path_of(c, f), st);
    const char *section;
    bool ok = unit != NULL;
    for (int i = 0; ok && (section = conf_section(unit, i)); i++) {
        bool known = strncmp(section, "target ", 7) == 0 || strncmp(section, "event ", 6) == 0;
        for (int k = 0; KNOWN[k]; k++) known |= strcmp(section, KNOWN[k]) == 0;
        for (int o = 0; o < OPTION_COUNT; o++) known |= strcmp(section, OPTION_TABLE[o].section) == 0;
        if (known) continue;
        const char *near = nearest_of(section, KNOWN);
        ok = conf_fail(unit, section, NULL, st, "there is no such section of a unit");
        status_hint(st,
                    "did you mean [%s]? Sections: unit, systems, filter, calendar, rates, nav, interest, gates, "
                    "expected, averages, "
                    "target NAME, event NAME, and those of crmx.ini",
                    near ? near : "unit");
    }
    conf_close(unit);
    return ok;
}

/* The formula of one customer type bound to the layouts. A wrong one is reported at the formula. */
static bool fit_formula(struct check *c, const struct unit *u, int type, const struct tables *tables,
                        const struct rates *rates, struct scorecards *cards)
{
    struct status st = {0};
    struct unit one = *u;
    struct file *f = u->formula_name[type] ? find_file(c, KIND_FORMULA, u->formula_name[type]) : NULL;
    if (!f) return true;
    one.formula_name[1 - type] = NULL;
    one.averages_count = 0; /* either formula may have their measures: average_check looks at both */
    if (scorecards_load(&one, tables, rates, c->arena, cards, &st)) return true;
    bad(c, f, &st);
    return false;
}

static bool fit_outputs(struct check *c, const struct unit *u, const struct scorecards *cards,
                        struct decoder *const *decoders)
{
    struct build_context context = {u, cards, decoders, c->business_date};
    bool ok = true;
    for (int i = 0; i < u->outputs_count; i++) {
        struct status st = {0};
        if (build_new(u->outputs[i], &context, c->arena, &st)) continue;
        bad(c, find_file(c, KIND_OUTPUT, u->outputs[i]->name), &st);
        ok = false;
    }
    return ok;
}

static bool fit_scoring(struct check *c, struct file *f, const struct unit *u, const struct probe_rates *rates)
{
    struct tables *tables = arena_new(c->arena, struct tables);
    struct scorecards cards[CUSTOMER_TYPES] = {0}, both = {0};
    struct decoder *decoders[UNIT_LAYOUTS_MAX];
    bool ok = true;
    tables_init(tables, u, &rates->rates, c->business_date, c->arena);
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        ok &= fit_formula(c, u, t, tables, &rates->rates, &cards[t]);
        both.of[t] = cards[t].of[t];
    }
    for (int i = 0; i < u->layouts_count; i++) {
        struct decode_options o = {.layout = u->layouts[i], .rates = &rates->rates, .business_date = c->business_date};
        decoders[i] = decoder_new(&o, c->arena);
    }
    /* With a formula missing an output might be blamed for the measure it takes from there. */
    ok = ok && fit_outputs(c, u, &both, decoders);
    struct status st = {0};
    bool rules = !ok || (average_check(u, &both, &st) && change_check(u, &both, c->business_date, c->arena, &st));
    if (!rules) bad(c, f, &st);
    for (int t = 0; t < CUSTOMER_TYPES; t++) scorecards_release(&cards[t]);
    if (!ok) f->about = "a formula or output does not fit (see there)";
    return ok && rules;
}

static bool read_targets(struct check *c, const struct file *f, const struct unit *u, int *count, struct status *st)
{
    struct deliver_target *targets;
    struct conf *unit = conf_open(path_of(c, f), st);
    bool ok = unit && deliver_targets_read(unit, f->name, c->call->work, c->arena, &targets, count, st);
    for (int i = 0; ok && i < *count; i++) {
        ok = deliver_check_events(&targets[i], u, st);
        if (!ok || !targets[i].events || u->changes->count) continue;
        ok = status_fail(st, STATUS_USAGE, "target %s wants events by rule, and unit %s has no rule",
                         targets[i].place.name, u->id);
        status_hint(st,
                    "write an [event NAME] into units/%s.ini (docs/formats.md, \"Events by rule\"), or leave out: "
                    "events = %s",
                    u->id, targets[i].events);
    }
    conf_close(unit);
    return ok;
}

/* Sections of a unit file that are options: own options, because a unit may be added once only. */
static bool read_options(struct check *c, const struct file *f, struct status *st)
{
    struct options *o = options_open(&(struct options_sources){.work = c->call->work}, st);
    bool ok = o && options_add_unit(o, path_of(c, f), st);
    options_free(o);
    return ok;
}

static bool read_unit(struct check *c, struct file *f, struct status *st)
{
    struct unit *u;
    struct probe_rates *rates = arena_new(c->arena, struct probe_rates);
    int targets = 0;
    if (!mark_used(c, f, st)) return st->code == STATUS_OK;
    if (!check_sections(c, f, st) || !unit_load(c->call->work, f->name, c->arena, &u, st) || !read_options(c, f, st) ||
        !read_targets(c, f, u, &targets, st) ||
        !probe_rates_find(c->call->work, u, c->business_date, c->arena, rates, st))
        return false;
    if (fit_scoring(c, f, u, rates))
        good(f, arena_printf(c->arena, "%s: %d systems, %d layouts, %d outputs, %d targets; currencies: %s", u->name,
                             u->systems_count, u->layouts_count, u->outputs_count, targets, rates->from));
    return true;
}

/* --- the command --- */

static void check_all(struct check *c)
{
    static bool (*const READERS[KINDS])(struct check *, struct file *, struct status *) = {
        read_layout, read_output, read_statement, read_identity, read_formula, read_unit};
    const char *only = command_text(c->call, "unit", NULL);
    for (int i = 0; i < c->count; i++) {
        struct file *f = &c->files[i];
        struct status st = {0};
        if (f->kind == KIND_UNIT && only && strcmp(f->name, only) != 0) continue;
        if (f->kind == KIND_UNIT) f->used = true;
        if (READERS[f->kind](c, f, &st)) continue;
        bad(c, f, &st);
        find_more(c, f);
    }
}

/* With --unit only what this unit uses, with names only these. */
static bool is_wanted(const struct check *c, const struct file *f)
{
    int names = command_count(c->call, "name");
    if (command_given(c->call, "unit") && !f->used) return false;
    for (int i = 0; i < names; i++)
        if (strcmp(command_text_at(c->call, "name", i), f->name) == 0) return true;
    return names == 0;
}

static bool check_names(struct check *c, struct status *st)
{
    const char *unit = command_text(c->call, "unit", NULL);
    if (unit && !find_file(c, KIND_UNIT, unit)) return show_unit(c->call, st) != NULL;
    for (int i = 0; i < command_count(c->call, "name"); i++) {
        const char *name = command_text_at(c->call, "name", i);
        struct nearest n;
        bool found = false;
        nearest_init(&n, name);
        for (int k = 0; k < c->count; k++) {
            found |= strcmp(c->files[k].name, name) == 0;
            nearest_try(&n, c->files[k].name);
        }
        if (found) continue;
        status_fail(st, STATUS_USAGE,
                    "there is no layout, output, statement layout, identity profile, formula or unit named \"%s\"",
                    name);
        return n.name ? status_hint(st, "did you mean: crmx layout check %s", n.name)
                      : status_hint(st, "all of them: crmx layout check");
    }
    return true;
}

static void add_row(struct check *c, struct listing *rows, const struct file *f, const char *about, const char *hint)
{
    listing_text(rows, !f->ok ? "ERROR" : f->used ? "ok" : "unused");
    listing_text(rows, KIND_NAMES[f->kind]);
    listing_text(rows, f->name);
    listing_text(rows, about);
    if (c->call->json) listing_text(rows, f->ok ? NULL : hint);
}

static bool print(struct check *c, struct status *st)
{
    static const char *const COLUMNS[] = {"state", "kind", "name", "about", "hint", NULL};
    static const char *const FOR_PEOPLE[] = {"state", "kind", "name", "about", NULL};
    struct listing rows;
    const struct file *first = NULL;
    int wrong = 0, seen = 0, errors = 0;
    listing_init(&rows, c->call->json ? COLUMNS : FOR_PEOPLE);
    for (int i = 0; i < c->count; i++) {
        const struct file *f = &c->files[i];
        if (!is_wanted(c, f)) continue;
        seen++;
        wrong += !f->ok;
        errors += f->ok ? 0 : 1 + f->more_count;
        if (!f->ok && (!first || (first->hint == NULL && f->hint))) first = f;
        add_row(c, &rows, f, f->about, f->hint);
        for (int k = 0; !f->ok && k < f->more_count; k++) add_row(c, &rows, f, f->more[k].message, f->more[k].hint);
    }
    listing_print(&rows, &c->call->output);
    listing_release(&rows);
    if (!wrong) return true;
    status_fail(st, STATUS_USAGE, "%d of %d files %s wrong: no run can start with them", wrong, seen,
                wrong == 1 ? "is" : "are");
    bool one = errors == 1 && first->hint && first->hint[0];
    return one ? status_hint(st, "%s", first->hint) : status_hint(st, "correct them, then: crmx layout check");
}

static int run(struct command_call *call)
{
    struct check *c = arena_new(&call->arena, struct check);
    c->call = call;
    c->arena = &call->arena;
    c->business_date = command_date(call, "date", 20000); /* only rates depend on it */
    if (!list_files(c, &call->status) || !check_names(c, &call->status)) return command_failed(call);
    if (c->count == 0) {
        status_fail(&call->status, STATUS_USAGE, "\"%s\" has no layouts, units or formulas", call->work);
        status_hint(&call->status, "make a working folder: crmx init DIR; then give --work DIR");
        return command_failed(call);
    }
    check_all(c);
    return print(c, &call->status) ? 0 : command_failed(call);
}

const struct command command_layout_check = {
    .name = "layout check",
    .summary = "whether layouts, outputs, statement layouts, identity, formulas and units are right and fit together",
    .description = "Reads everything a run would freeze and reports the state of every file. \"unused\" is right, but "
                   "no unit names it. "
                   "Currencies of formulas and layouts are judged by the rates of the business date in the unit's "
                   "inbox, else by those "
                   "of its current generation, else by the ISO codes.",
    .arguments =
        (const struct command_value[]){
            {.name = "name", .type = COMMAND_TEXT, .repeated = true, .doc = "only these files (default: all)"}, {0}},
    .options = (const struct command_value[]){{.name = "unit",
                                               .letter = 'u',
                                               .type = COMMAND_TEXT,
                                               .placeholder = "UNIT",
                                               .doc = "only this unit and what it uses"},
                                              {.name = "date",
                                               .letter = 'd',
                                               .type = COMMAND_DATE,
                                               .doc = "business date whose rates in the inbox count"},
                                              {0}},
    .examples = "crmx layout check\ncrmx layout check retail_account personal --unit 11 --date 2026-10-31",
    .rows = "",
    .run = run,
};
