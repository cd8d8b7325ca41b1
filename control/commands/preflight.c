/* crmx preflight: everything that can be known to go wrong tonight, in the afternoon. Nothing is taken, computed
 * or sent. */
#include "base/date.h"
#include "control/follow.h"
#include "control/show_status.h"
#include "etl/arrive.h"
#include "etl/change.h"
#include "etl/gate_limits.h"
#include "etl/probe_rates.h"
#include "etl/rates.h"
#include "etl/scorecard.h"
#include "etl/transfer.h"
#include "etl/turn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum verdict { OK, WARN, FAIL };
static const char *const VERDICTS[] = {"ok", "warn", "FAIL"};

/* The generation takes about as much as the files, and so do spill files and copies. */
enum { SPACE_FACTOR = 3 };

struct flight {
    struct command_call *call;
    struct show_status now;
    int32_t date;
    struct listing rows;
    int worst_exit; /* of what failed */
    int warnings, failures;
    const char *first_hint;
};

static void note(struct flight *f, enum verdict v, const char *check, const char *text, const char *hint, int exit_code)
{
    listing_text(&f->rows, VERDICTS[v]);
    listing_text(&f->rows, check);
    listing_text(&f->rows, text);
    if (f->call->json) listing_text(&f->rows, v == OK ? NULL : hint);
    f->warnings += v == WARN;
    f->failures += v == FAIL;
    if (v == FAIL && exit_code > f->worst_exit) f->worst_exit = exit_code;
    if (v != OK && !f->first_hint && hint && hint[0]) f->first_hint = hint;
}

static void note_status(struct flight *f, enum verdict v, const char *check, const struct status *st)
{
    struct arena *a = &f->call->arena;
    note(f, v, check, arena_dup(a, view_of(st->message)), arena_dup(a, view_of(st->hint)),
         v == WARN ? 4 : status_exit_code(st));
}

/* --- configuration --- */

static bool check_formulas(struct flight *f)
{
    struct arena *a = &f->call->arena;
    struct status st = {0};
    struct probe_rates *rates = arena_new(a, struct probe_rates);
    struct tables *tables = arena_new(a, struct tables);
    struct scorecards *cards = arena_new(a, struct scorecards);
    const struct unit *u = f->now.unit;
    bool ok = probe_rates_find(f->call->work, u, f->date, a, rates, &st);
    if (ok) {
        tables_init(tables, u, &rates->rates, f->date, a);
        ok = scorecards_load(u, tables, &rates->rates, a, cards, &st) && change_check(u, cards, f->date, a, &st);
        scorecards_release(cards);
    }
    if (ok)
        note(
            f, OK, "configuration",
            arena_printf(a, "%d layouts, %d outputs and the formulas fit together", u->layouts_count, u->outputs_count),
            NULL, 0);
    else
        note_status(f, FAIL, "configuration", &st);
    return ok;
}

static void check_expected(struct flight *f)
{
    struct arena *a = &f->call->arena;
    const char *section =
        arena_printf(a, "write what the sender promises into [expected] of units/%s.ini (docs/formats.md)", f->now.id);
    if (f->now.generation)
        note(f, OK, "gates", arena_printf(a, "compared with generation %s", f->now.generation), NULL, 0);
    else if (f->now.unit->gates->expected_count)
        note(f, OK, "gates", arena_printf(a, "%d expected figures", f->now.unit->gates->expected_count), NULL, 0);
    else
        note(f, WARN, "gates", "first night without expected figures: a file cut short would pass", section, 4);
}

/* --- state and files --- */

static void check_state(struct flight *f)
{
    struct arena *a = &f->call->arena;
    const struct show_status *s = &f->now;
    if (s->holder)
        note(f, FAIL, "state", "a run works on the unit at this moment",
             arena_printf(a, "wait for it: crmx status --unit %s", s->id), 2);
    else
        note(f, OK, "state",
             s->generation ? arena_printf(a, "generation %s is current", s->generation)
                           : "no population yet: an initial load",
             NULL, 0);
}

/* Business dates come in order, each once (etl/turn.h). */
static void check_turn(struct flight *f)
{
    struct turn_request r = {.unit_folder = f->now.folder,
                             .unit = f->now.id,
                             .kind = f->now.generation ? RUN_DAILY : RUN_INITIAL,
                             .business_date = f->date};
    struct turn turn;
    struct status st = {0};
    struct arena *a = &f->call->arena;
    if (!turn_find(&r, &turn, &st))
        note_status(f, FAIL, "calendar", &st);
    else if (turn.done)
        note(f, FAIL, "calendar", arena_printf(a, "%s is committed already", turn.current.id), "another date: --date",
             16);
    else
        note(f, OK, "calendar",
             turn.old[0] ? arena_printf(a, "it is the date's turn: it builds on %s", turn.old)
                         : "it is the date's turn: the first one",
             NULL, 0);
}

/* Which systems send today: layouts without a system stand by their own name. */
static void check_calendar(struct flight *f)
{
    static const char *const DAYS[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    struct arena *a = &f->call->arena;
    const struct unit *u = f->now.unit;
    const char *closed = "", *open = "", *last = "";
    for (int i = 0; f->now.generation && i < u->layouts_count; i++) {
        const struct layout *l = u->layouts[i];
        if (!arrive_wants(l, f->now.changes)) continue;
        const char *who = l->system ? l->system : l->name;
        if (strcmp(who, last) == 0) continue;
        last = who;
        const char **list = f->now.due.closed[i] ? &closed : &open;
        *list = arena_printf(a, "%s%s%s", *list, **list ? " " : "", who);
    }
    check_turn(f);
    const char *day = DAYS[((f->date + 4) % 7 + 7) % 7]; /* day 0 was a Thursday */
    note(f, OK, "calendar",
         !*open    ? arena_printf(a, "%s: a full unload comes on any day", day)
         : *closed ? arena_printf(a, "%s: %s send; %s do not, their records stay as they are", day, open, closed)
                   : arena_printf(a, "%s: %s send", day, open),
         NULL, 0);
}

static void check_files(struct flight *f)
{
    struct arena *a = &f->call->arena;
    const struct show_status *s = &f->now;
    int files = 0;
    char date[11];
    date_format(f->date, date);
    for (int i = 0; i < s->unit->layouts_count; i++) {
        const struct layout *l = s->unit->layouts[i];
        if (!arrive_wants(l, s->generation != NULL)) continue;
        files += s->files[i];
        const char *hint =
            arena_printf(a, "ask the sender; its files look like %s in %s", l->patterns[0], s->unit->inbox);
        if (s->incomplete[i])
            note(f, FAIL, "files",
                 arena_printf(a, "%s: incomplete, no .%s file yet", l->name,
                              l->complete == LAYOUT_COMPLETE_OK ? "ok" : "ctl"),
                 hint, 2);
        else if (!s->files[i] && !show_status_complete(s, i))
            note(f, FAIL, "files", arena_printf(a, "%s: missing", l->name), hint, 2);
        else if (s->files[i] && !s->bytes[i] && !l->change && l->class != LAYOUT_TRANSACTION)
            note(f, WARN, "files", arena_printf(a, "%s: empty", l->name), hint, 4);
    }
    for (int i = 0; i < s->branches_count; i++)
        if (s->files[s->branches[i].layout]) /* else it is missing as a whole */
            note(f, FAIL, "files",
                 arena_printf(a, "%s: missing, the branch sent one the day before", s->branches[i].name),
                 arena_printf(a,
                              "wait for it; to go on without it: crmx file waive %s --unit %s --date %s --reason '…'",
                              s->branches[i].name, s->id, date),
                 2);
    for (int i = 0; i < s->due.waivers.count; i++)
        note(f, WARN, "files",
             arena_printf(a, "%s: waived, %s", s->due.waivers.list[i].what, s->due.waivers.list[i].reason),
             "when it comes after all: crmx run daily --redo --reason '…'", 4);
    if (!s->layouts_missing) note(f, OK, "files", arena_printf(a, "%d files, all there and complete", files), NULL, 0);
}

static void check_space(struct flight *f)
{
    struct arena *a = &f->call->arena;
    uint64_t bytes = 0, free_bytes = os_free_bytes(f->call->work);
    for (int i = 0; i < f->now.unit->layouts_count; i++) bytes += f->now.bytes[i];
    uint64_t need = bytes * SPACE_FACTOR;
    const char *text =
        arena_printf(a, "%" PRIu64 " MB free, about %" PRIu64 " MB are needed for %" PRIu64 " MB of files",
                     free_bytes >> 20, (need >> 20) + 1, (bytes >> 20) + 1);
    note(f, free_bytes < need ? FAIL : OK, "disk", text,
         "clear old generations or move the working folder to a larger disk; spill files go to run.temp_dir", 8);
}

/* --- rates --- */

struct rate_search {
    struct flight *f;
    struct input_set inputs;
    bool packed;
};

static bool take_rates(void *context, int layout, const char *name, const char *path)
{
    struct rate_search *s = context;
    const struct layout *l = s->f->now.unit->layouts[layout];
    struct status ignored = {0};
    size_t n = strlen(name);
    if (!layout_is_reference(l) || l->class == LAYOUT_EXCLUSION) return true;
    if (n > 3 && strcmp(name + n - 3, ".gz") == 0)
        s->packed = true;
    else
        input_add(&s->inputs, name, path, l, layout, &ignored);
    return true;
}

/* Net asset values and interest rates, where there are any: how many, how many of them of today's file. */
static void check_quotes(struct flight *f, const struct reference *now)
{
    struct arena *a = &f->call->arena;
    static const char *const NAMES[QUOTE_KINDS] = {"nav", "interest"}, *const WHAT[QUOTE_KINDS] = {
                                                                           "funds with a net asset value",
                                                                           "interest rates"};
    for (int k = 0; k < QUOTE_KINDS; k++) {
        const struct quotes *q = now->quotes[k];
        int carried = 0, expired = 0;
        if (!q->count) continue;
        for (int i = 0; i < q->count; i++) carried += q->list[i].as_of != f->date, expired += q->list[i].expired;
        const char *text = arena_printf(a, "%d %s%s%s", q->count, WHAT[k],
                                        carried ? arena_printf(a, ", %d of them carried", carried) : "",
                                        expired ? arena_printf(a, ", %d too old to value an account", expired) : "");
        note(f, OK, NAMES[k], text, NULL, 0);
    }
}

static void check_rates(struct flight *f)
{
    struct arena *a = &f->call->arena;
    struct rate_search *s = arena_new(a, struct rate_search);
    struct reference *now = arena_new(a, struct reference);
    struct status st = {0};
    const struct unit *u = f->now.unit;
    const char *inbox = u->inbox[0] == '/' ? u->inbox : command_path(f->call, "%s", u->inbox);
    struct arrive_request r = {.unit = u, .business_date = f->date, .inbox = inbox, .folder = "/nonexistent"};
    s->f = f;
    input_set_init(&s->inputs, a);
    bool ok =
        arrive_look(&r, take_rates, s, &st) && reference_load(u, &s->inputs, f->date, a, now, &st) &&
        reference_settle(now, u, f->date,
                         f->now.generation ? arena_printf(a, "%s/gen/%s", f->now.folder, f->now.generation) : NULL,
                         "the generation before", a, &st);
    int older = 0;
    bool closed = false; /* then nobody expects one of today */
    for (int i = 0; i < u->layouts_count; i++) closed |= f->now.due.closed[i] && u->layouts[i]->class == LAYOUT_RATE;
    for (int i = 1; ok && i < now->rates.count; i++) older += now->origins[i].date != f->date;
    input_set_release(&s->inputs);
    if (!ok)
        note_status(f, FAIL, "rates", &st);
    else if (f->now.layouts_missing && now->rates.count == 1)
        return; /* said above */
    else if (s->packed)
        note(f, OK, "rates", "packed: read by the run", NULL, 0);
    else
        note(f, older && !closed ? WARN : OK, "rates",
             arena_printf(a, "%d currencies besides %s%s", now->rates.count - 1, u->base_currency,
                          older ? arena_printf(a, ", %d of them with a rate of an earlier day", older) : ""),
             "have the rates of the day sent", 4);
    if (ok) check_quotes(f, now);
}

/* --- followers: they never cost the night --- */

static void check_database(struct flight *f)
{
    struct database_config config = follow_database(f->call);
    struct database *db = NULL;
    struct status st = {0};
    if (config.mode == DATABASE_NONE) {
        note(f, OK, "database", "none is configured", NULL, 0);
    } else if (database_open(&config, &db, &st)) {
        note(f, OK, "database", config.mode == DATABASE_URL ? "can be reached" : "the embedded one starts", NULL, 0);
    } else {
        note_status(f, WARN, "database", &st);
    }
    database_close(db);
}

static void check_target(struct flight *f, const struct deliver_target *t)
{
    struct arena *a = &f->call->arena;
    const char *check = arena_printf(a, "target %s", t->place.name);
    struct status st = {0};
    struct transfer_seen seen;
    struct transfer *x = transfer_open(&t->place, &st);
    /* Asking for a file that is not there needs name, password, host key and folder, and changes nothing. */
    bool ok = x && (t->place.kind == TRANSFER_DIRECTORY || transfer_look(x, "crmx-preflight", 0, &seen, &st));
    transfer_close(x);
    if (ok)
        note(f, OK, check, t->place.kind == TRANSFER_DIRECTORY ? "a folder" : "login works", NULL, 0);
    else
        note_status(f, WARN, check, &st);
}

static void check_targets(struct flight *f)
{
    struct deliver_target *targets;
    struct status st = {0};
    int count = 0;
    if (!follow_targets(f->call, f->now.id, &targets, &count, &st)) {
        note_status(f, FAIL, "targets", &st);
        return;
    }
    for (int i = 0; i < count; i++) check_target(f, &targets[i]);
    if (!count) note(f, OK, "targets", "none are configured", NULL, 0);
}

/* --- the command --- */

static void check_all(struct flight *f)
{
    struct status st = {0};
    if (!f->now.unit) {
        note(f, FAIL, "configuration", f->now.config_error,
             arena_printf(&f->call->arena, "correct it, then: crmx layout check --unit %s", f->now.id), 16);
        return;
    }
    check_formulas(f);
    check_state(f);
    check_calendar(f);
    check_files(f);
    check_rates(f);
    check_expected(f);
    check_space(f);
    const char *unit_file = command_path(f->call, "units/%s.ini", f->now.id);
    if (!options_add_unit(f->call->options, unit_file, &st)) {
        note_status(f, FAIL, "options", &st);
        return;
    }
    check_database(f);
    check_targets(f);
}

static int run(struct command_call *call)
{
    static const char *const COLUMNS[] = {"verdict", "check", "found", "hint", NULL};
    static const char *const FOR_PEOPLE[] = {"verdict", "check", "found", NULL};
    struct flight *f = arena_new(&call->arena, struct flight);
    f->call = call;
    f->date = command_date(call, "date", 0);
    f->now = (struct show_status){
        .call = call, .arena = &call->arena, .id = show_unit(call, &call->status), .arrival_date = DATE_NONE};
    if (!f->now.id || !show_status_read(&f->now, &call->status)) return command_failed(call);
    listing_init(&f->rows, call->json ? COLUMNS : FOR_PEOPLE);
    check_all(f);
    listing_print(&f->rows, &call->output);
    listing_release(&f->rows);
    show_status_release(&f->now);
    if (!f->failures && !f->warnings) return 0;
    if (f->first_hint) fprintf(stderr, "HINT: %s\n", f->first_hint);
    return f->failures ? f->worst_exit : 4;
}

const struct command command_preflight = {
    .name = "preflight",
    .summary = "whether tonight's run can start: date, files, configuration, rates, disk, database, targets",
    .description =
        "One line a check, ok, warn or FAIL. Nothing is taken, computed or sent. Exit code 0: all is well; 4: "
        "warnings only (the database and the targets never cost the night); 2: files are missing or a run is "
        "at work; 8, 12, 16: as the run would end.",
    .options = (const struct command_value[]){SHOW_UNIT,
                                              {.name = "date",
                                               .letter = 'd',
                                               .type = COMMAND_DATE,
                                               .doc = "the business date of the night",
                                               .required = true},
                                              {0}},
    .examples = "crmx preflight --unit 11 --date 2026-10-31",
    .rows = "",
    .run = run,
};
