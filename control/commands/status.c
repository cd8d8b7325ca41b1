/* crmx status: every unit at a glance: what it has, what runs, what failed and why, what arrived, what to type next. */
#include "base/date.h"
#include "base/log.h"
#include "control/follow.h"
#include "control/show.h"
#include "control/show_tsv.h"
#include "control/show_unit.h"
#include "etl/arrive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything known of one unit. */
struct look {
    struct command_call *call;
    struct arena *arena;
    const char *id, *folder;
    struct unit *unit; /* as configured now; NULL: wrong, see config_error */
    const char *config_error;
    const char *generation; /* current; NULL: none */
    const char *business_date, *customers, *selected;
    struct show_attempt *attempts;
    int attempts_count;
    const struct show_attempt *made; /* the attempt that made the current generation; NULL: its folder is gone */
    const struct show_attempt *unfinished;
    int holder; /* of the lock: pid; 0 nobody; -1 unknown */
    int32_t arrival_date;
    int layouts_there, layouts_missing;
    const char *database;
    struct listing targets;
    const char *next;
    bool needs_someone;
};

/* --- what there is --- */

static void read_generation(struct look *l)
{
    static const char *const TOTALS[] = {"step", "name", "currency", "records", "amount", NULL};
    struct status ignored = {0};
    struct show_tsv t;
    const char *folder = arena_printf(l->arena, "%s/gen/%s", l->folder, l->generation);
    if (show_tsv_open_plain(&t, arena_printf(l->arena, "%s/MANIFEST", folder), 2, &ignored))
        while (show_tsv_next(&t, &ignored) && strcmp(t.field[0], "file") != 0) {
            if (strcmp(t.field[0], "business_date") == 0) l->business_date = arena_dup(l->arena, view_of(t.field[1]));
            if (strcmp(t.field[0], "customers") == 0) l->customers = arena_dup(l->arena, view_of(t.field[1]));
        }
    show_tsv_close(&t);
    if (show_tsv_open(&t, arena_printf(l->arena, "%s/totals.tsv", folder), TOTALS, &ignored))
        while (show_tsv_next(&t, &ignored))
            if (strcmp(t.field[1], "selected") == 0) l->selected = arena_dup(l->arena, view_of(t.field[3]));
    show_tsv_close(&t);
}

static bool read_state(struct look *l, struct status *st)
{
    struct generation_current current;
    struct status config = {0};
    bool there;
    if (!generation_current_read(l->folder, &current, &there, st) ||
        !show_attempts(l->call, l->id, &l->attempts, &l->attempts_count, st))
        return false;
    if (there) {
        l->generation = arena_dup(l->arena, view_of(current.id));
        read_generation(l);
    }
    for (int i = 0; there && i < l->attempts_count; i++)
        if (strcmp(l->attempts[i].id, current.id) == 0) l->made = &l->attempts[i];
    l->unfinished = show_unfinished(l->attempts, l->attempts_count);
    if (l->unfinished && there && strcmp(l->unfinished->id, current.id) < 0) l->unfinished = NULL;
    l->holder = os_lock_holder(arena_printf(l->arena, "%s/lock", l->folder));
    if (!unit_load(l->call->work, l->id, l->arena, &l->unit, &config)) {
        l->unit = NULL;
        l->config_error = arena_dup(l->arena, view_of(config.message));
    }
    return true;
}

/* --- the inbox --- */

struct dates {
    int32_t after, found; /* the earliest day beyond `after` that a name holds */
};

static bool note_date(void *context, const char *name)
{
    struct dates *d = context;
    int32_t day;
    for (const char *p = name; *p; p++) {
        size_t n = strspn(p, "0123456789");
        if (n == 8 && date_parse((struct view){p, 8}, &day) && day > d->after &&
            (d->found == DATE_NONE || day < d->found))
            d->found = day;
        if (n) p += n - 1;
    }
    return true;
}

static const char *inbox_of(const struct look *l)
{
    return l->unit->inbox[0] == '/' ? l->unit->inbox : command_path(l->call, "%s", l->unit->inbox);
}

/* Whose files are waited for: --date; the attempt's; the earliest new one in the inbox; the day after the current one.
 * */
static int32_t arrival_date(const struct look *l)
{
    struct dates d = {DATE_NONE, DATE_NONE};
    struct status ignored = {0};
    int32_t day = command_date(l->call, "date", DATE_NONE);
    if (day != DATE_NONE) return day;
    if (l->unfinished && date_parse((struct view){l->unfinished->id, 10}, &day)) return day;
    if (l->business_date) date_parse(view_of(l->business_date), &d.after);
    if (os_exists(inbox_of(l))) os_list(inbox_of(l), note_date, &d, &ignored);
    if (d.found != DATE_NONE) return d.found;
    return d.after == DATE_NONE ? DATE_NONE : d.after + 1;
}

struct arrivals {
    struct look *look;
    int files[UNIT_LAYOUTS_MAX];
    uint64_t bytes[UNIT_LAYOUTS_MAX];
    bool incomplete[UNIT_LAYOUTS_MAX];
};

static bool note_arrival(void *context, int layout, const char *name, const char *path)
{
    struct arrivals *a = context;
    const struct layout *l = a->look->unit->layouts[layout];
    struct os_file_identity id;
    struct status ignored = {0};
    (void)name;
    a->files[layout]++;
    if (os_identify(path, &id, &ignored)) a->bytes[layout] += id.size;
    bool taken = strstr(path, "/run/") != NULL; /* by an attempt: its sender's mark may be gone */
    const char *mark = l->complete == LAYOUT_COMPLETE_OK ? "ok" : l->complete == LAYOUT_COMPLETE_CTL ? "ctl" : NULL;
    if (mark && !taken && !os_exists(arena_printf(a->look->arena, "%s.%s", path, mark))) a->incomplete[layout] = true;
    return true;
}

static bool look_at_inbox(struct look *l, struct arrivals *a, struct status *st)
{
    *a = (struct arrivals){.look = l};
    l->arrival_date = arrival_date(l);
    if (l->arrival_date == DATE_NONE) return true;
    /* As the next run will look: in what an open attempt has taken, in the inbox, in what the attempts before it took.
     * */
    const struct show_attempt *u = l->unfinished, *open = u && u->state != ATTEMPT_FAILED ? u : NULL;
    const char **earlier = arena_array(l->arena, const char *, l->attempts_count + 1);
    int earlier_count = 0;
    for (int i = l->attempts_count; u && i-- > 0;)
        if (&l->attempts[i] != open && strncmp(l->attempts[i].id, u->id, 10) == 0)
            earlier[earlier_count++] = arena_printf(l->arena, "%s/in", l->attempts[i].folder);
    struct arrive_request r = {.unit = l->unit,
                               .business_date = l->arrival_date,
                               .inbox = inbox_of(l),
                               .folder = open ? arena_printf(l->arena, "%s/in", open->folder) : "/nonexistent",
                               .earlier = earlier,
                               .earlier_count = earlier_count,
                               .frozen = open && open->step >= 10};
    if (!arrive_look(&r, note_arrival, a, st)) return false;
    for (int i = 0; i < l->unit->layouts_count; i++) {
        bool missing = (!a->files[i] && l->unit->layouts[i]->expect != LAYOUT_EXPECT_OPTIONAL) || a->incomplete[i];
        l->layouts_missing += missing;
        l->layouts_there += a->files[i] && !missing;
    }
    return true;
}

static void show_arrivals(struct look *l, const struct arrivals *a, struct show *s)
{
    static const char *const COLUMNS[] = {"layout", "files", "bytes", "state", NULL};
    struct listing rows;
    char date[11];
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < l->unit->layouts_count; i++) {
        const struct layout *y = l->unit->layouts[i];
        listing_text(&rows, y->name);
        listing_integer(&rows, a->files[i]);
        listing_integer(&rows, (int64_t)a->bytes[i]);
        listing_text(&rows, a->incomplete[i] ? y->complete == LAYOUT_COMPLETE_OK ? "incomplete: no .ok file"
                                                                                 : "incomplete: no .ctl file"
                            : a->files[i]    ? "there"
                            : y->expect == LAYOUT_EXPECT_OPTIONAL ? "optional"
                                                                  : "missing");
    }
    date_format(l->arrival_date, date);
    show_rows(s, "arrivals", arena_printf(l->arena, "files for %s", date), &rows);
    listing_release(&rows);
}

/* --- followers --- */

static const char *database_state(struct look *l)
{
    static const char *const MODES[] = {"embedded", "url", "none"};
    enum database_mode mode = (enum database_mode)option_choice(l->call->options, OPTION_DATABASE_MODE);
    if (mode == DATABASE_NONE) return "none ([database] mode = none)";
    if (l->made && l->made->loaded) return arena_printf(l->arena, "loaded %s", l->made->loaded);
    if (!l->made) return arena_printf(l->arena, "%s; whether it is loaded is not noted here", MODES[mode]);
    l->needs_someone = true;
    if (!l->next) l->next = arena_printf(l->arena, "crmx db load --unit %s", l->id);
    return "NOT LOADED";
}

/* What one target has, what is under way. */
static bool add_target(struct look *l, const char *target, struct listing *rows, struct status *st)
{
    const char *path = follow_ledger(l->call, l->id, target, st), *state = "nothing delivered yet";
    struct deliver_marks marks = {0};
    if (!path || (os_exists(path) && !deliver_marks_read(path, &marks, st))) return false;
    bool due = l->generation && (marks.delivered.seq == 0 || marks.pending.seq);
    char date[11] = "";
    date_format(marks.delivered.date, date);
    if (!due && marks.delivered.seq && l->business_date && strcmp(date, l->business_date) < 0) due = true;
    if (marks.pending.seq)
        state = arena_printf(l->arena, "PENDING %s", ledger_key_format(marks.pending).text);
    else if (marks.delivered.seq)
        state = arena_printf(l->arena, "%s %s",
                             marks.acked.seq && ledger_key_compare(marks.acked, marks.delivered) >= 0 ? "acknowledged"
                                                                                                      : "delivered",
                             ledger_key_format(marks.delivered).text);
    listing_text(rows, target);
    listing_text(rows, due && !marks.pending.seq ? arena_printf(l->arena, "NOT DELIVERED (%s)", state) : state);
    l->needs_someone |= due;
    if (due && !l->next)
        l->next =
            marks.pending.seq
                ? arena_printf(l->arena,
                               "crmx delivery run --unit %s --target %s; what is pending: crmx delivery list --unit %s",
                               l->id, target, l->id)
                : arena_printf(l->arena, "crmx delivery run --unit %s --target %s", l->id, target);
    return true;
}

/* A target that is configured wrong is a fault of the configuration, not of the look. */
static bool look_at_targets(struct look *l, struct status *st)
{
    static const char *const COLUMNS[] = {"target", "state", NULL};
    struct deliver_target *targets;
    struct status config = {0};
    int count = 0;
    listing_init(&l->targets, COLUMNS);
    if (!l->unit) return true;
    if (!follow_targets(l->call, l->id, &targets, &count, &config)) {
        l->config_error = arena_dup(l->arena, view_of(config.message));
        return true;
    }
    bool ok = true;
    for (int i = 0; ok && i < count; i++) ok = add_target(l, targets[i].place.name, &l->targets, st);
    return ok;
}

/* --- what to type next --- */

static void choose_next(struct look *l)
{
    char date[11];
    const struct show_attempt *a = l->unfinished;
    date_format(l->arrival_date, date);
    if (l->config_error) {
        l->needs_someone = true;
        l->next = arena_printf(l->arena, "correct it, then: crmx layout check --unit %s", l->id);
    } else if (l->holder) {
        l->next = arena_printf(l->arena, "wait for the run; look again: crmx status --unit %s", l->id);
    } else if (a && a->damaged) {
        l->needs_someone = true;
        l->next =
            arena_printf(l->arena, "keep a copy of \"%s\" and remove it; then: crmx run initial --unit %s --date %.10s",
                         a->folder, l->id, a->id);
    } else if (a && a->state == ATTEMPT_FAILED) {
        l->needs_someone = true;
        bool rejects = os_exists(arena_printf(l->arena, "%s/gen.tmp/rejects.tsv", a->folder));
        l->next = arena_printf(l->arena, "%srepair the cause, then: crmx run initial --unit %s --date %.10s",
                               rejects ? arena_printf(l->arena, "crmx rejects --unit %s; ", l->id) : "", l->id, a->id);
    } else if (a && l->layouts_missing) {
        l->next = arena_printf(l->arena, "wait for %d more; then: crmx run initial --unit %s --date %.10s",
                               l->layouts_missing, l->id, a->id);
    } else if (a) {
        l->needs_someone = true;
        l->next = arena_printf(l->arena, "it continues: crmx run initial --unit %s --date %.10s", l->id, a->id);
    } else if (!l->generation && l->arrival_date != DATE_NONE) {
        l->next = l->layouts_missing
                      ? arena_printf(l->arena, "wait for %d more; then: crmx run initial --unit %s --date %s",
                                     l->layouts_missing, l->id, date)
                      : arena_printf(l->arena, "crmx run initial --unit %s --date %s", l->id, date);
    } else if (!l->generation) {
        l->next =
            arena_printf(l->arena, "wait for the files; then: crmx run initial --unit %s --date YYYY-MM-DD", l->id);
    }
}

/* --- the page --- */

static void show_running(struct look *l, struct show *s)
{
    if (l->holder == 0) {
        show_text(s, "running", s->json ? NULL : "no");
        return;
    }
    int64_t age = l->holder > 0 ? os_process_age_s(l->holder) : -1;
    if (s->json) {
        show_integer(s, "running", l->holder);
        show_integer(s, "running_seconds", age);
    } else if (l->holder > 0 && age < 0) {
        show_textf(s, "running", "yes, the lock of pid %d lives on in a process that it has started", l->holder);
    } else if (l->holder > 0) {
        show_textf(s, "running", "yes, pid %d, for %" PRId64 ":%02d:%02d", l->holder, age / 3600, (int)(age / 60 % 60),
                   (int)(age % 60));
    } else {
        show_text(s, "running", "yes, in another container: its pid is not seen here");
    }
}

static const char *attempt_text(struct look *l, const struct show_attempt *a)
{
    static const char *const STATES[] = {"open", "stopped", "FAILED", "committed"};
    if (a->damaged) return arena_printf(l->arena, "%s: its journal is damaged: %s", a->id, a->detail);
    bool waits = a->state == ATTEMPT_OPEN && a->step == 0 && l->layouts_missing;
    const char *state = a->state != ATTEMPT_OPEN ? STATES[a->state]
                        : l->holder              ? "running"
                        : waits                  ? "waits for files"
                                                 : "INTERRUPTED";
    const char *what =
        a->state == ATTEMPT_FAILED ? a->detail : arena_printf(l->arena, "last %s (%03d)", a->event, a->step);
    return arena_printf(l->arena, "%s %s %s: %s", a->id, state, a->time, what);
}

static void show_head(struct look *l, struct show *s)
{
    show_section(s, "unit", "unit %s%s%s", l->id, l->unit ? " " : "", l->unit ? l->unit->name : "");
    if (s->json) show_text(s, "id", l->id);
    if (s->json) show_text(s, "name", l->unit ? l->unit->name : NULL);
    show_text(s, "configuration", l->config_error ? arena_printf(l->arena, "WRONG: %s", l->config_error) : NULL);
    show_text(s, "generation", l->generation ? l->generation : s->json ? NULL : "none yet");
    show_text(s, "business_date", l->business_date);
    if (l->customers && s->json)
        show_integer(s, "customers", atoll(l->customers));
    else
        show_text(s, "customers", l->customers ? show_grouped(l->arena, l->customers) : NULL);
    if (l->selected && s->json)
        show_integer(s, "selected", atoll(l->selected));
    else
        show_text(s, "selected", l->selected ? show_grouped(l->arena, l->selected) : NULL);
    show_running(l, s);
    if (l->unfinished) show_text(s, "attempt", attempt_text(l, l->unfinished));
    show_text(s, "database", l->database);
}

static void show_inbox(struct look *l, struct show *s)
{
    char date[11];
    if (!l->unit || l->arrival_date == DATE_NONE) return;
    date_format(l->arrival_date, date);
    if (s->json) show_text(s, "arrival_date", date);
    if (l->layouts_there == 0)
        show_textf(s, "inbox", "nothing for %s yet", date);
    else if (l->layouts_missing == 0)
        show_textf(s, "inbox", "complete for %s", date);
    else
        show_textf(s, "inbox", "for %s: %d layouts there, %d missing or incomplete", date, l->layouts_there,
                   l->layouts_missing);
}

static bool look_at(struct look *l, struct arrivals *a, struct status *st)
{
    l->folder = show_unit_folder(l->call, l->id);
    if (!read_state(l, st)) return false;
    if (l->unit && !look_at_inbox(l, a, st)) return false;
    choose_next(l);
    if (l->generation) l->database = database_state(l);
    return look_at_targets(l, st);
}

static void show_page(struct look *l, const struct arrivals *a, struct show *s)
{
    bool asked = command_given(l->call, "date") || command_given(l->call, "unit");
    bool files = l->unit && l->arrival_date != DATE_NONE && (l->layouts_there || command_given(l->call, "date"));
    show_document(s);
    show_head(l, s);
    show_inbox(l, s);
    show_text(s, "next", l->next ? l->next : s->json ? NULL : "nothing to do");
    show_rows(s, "delivery", "delivery", &l->targets);
    if (files && (asked || l->layouts_missing)) show_arrivals(l, a, s);
}

static bool show_one(struct look *l, struct show *s, struct status *st)
{
    struct arrivals *a = arena_new(l->arena, struct arrivals);
    bool ok = look_at(l, a, st);
    if (ok) show_page(l, a, s);
    listing_release(&l->targets);
    return ok || status_while(st, "looking at unit %s", l->id);
}

static int run(struct command_call *call)
{
    const char **ids;
    int count, needs = 0;
    struct show s;
    bool one = command_given(call, "unit");
    const char *only = one ? show_unit(call, &call->status) : NULL;
    if ((one && !only) || !show_units(call, &ids, &count, &call->status)) return command_failed(call);
    if (count == 0 && !show_unit(call, &call->status)) return command_failed(call);
    show_open_many(&s, call->json);
    bool ok = true;
    for (int i = 0; ok && i < count; i++) {
        struct look *l = arena_new(&call->arena, struct look);
        *l = (struct look){.call = call, .arena = &call->arena, .id = ids[i], .arrival_date = DATE_NONE};
        if (only && strcmp(ids[i], only) != 0) continue;
        ok = show_one(l, &s, &call->status);
        needs += l->needs_someone;
    }
    if (ok)
        show_print(&s);
    else
        show_release(&s);
    if (!ok) return command_failed(call);
    return needs && command_flag(call, "check") ? 4 : 0;
}

const struct command command_status = {
    .name = "status",
    .summary = "every unit at a glance: what it has, what runs or failed, what arrived, what to type next",
    .description = "Only looks: takes no lock, starts no database. Whether a generation is loaded is read from the "
                   "journal of the attempt that made it.",
    .options =
        (const struct command_value[]){
            {.name = "unit",
             .letter = 'u',
             .type = COMMAND_TEXT,
             .placeholder = "UNIT",
             .doc = "only this unit, with the files of its inbox"},
            {.name = "date",
             .letter = 'd',
             .type = COMMAND_DATE,
             .doc = "business date whose files are looked for (default: the next one)"},
            {.name = "check",
             .type = COMMAND_FLAG,
             .doc = "exit code 4 when a unit needs somebody: failed, interrupted, not loaded, not delivered"},
            {0}},
    .examples = "crmx status\ncrmx status --unit 11 --date 2026-10-31\ncrmx status --json | jq '.[] | {id: .unit.id, "
                "next: .unit.next}'",
    .run = run,
};
