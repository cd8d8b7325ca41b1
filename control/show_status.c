#include "control/show_status.h"

#include "base/date.h"
#include "control/follow.h"
#include "control/show_customer.h"
#include "control/show_totals.h"
#include "control/show_tsv.h"
#include "etl/arrive.h"
#include "etl/gate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what there is --- */

static void read_generation(struct show_status *l)
{
    struct status ignored = {0};
    struct show_tsv t;
    struct show_totals totals;
    const char *folder = arena_printf(l->arena, "%s/gen/%s", l->folder, l->generation);
    if (show_tsv_open_plain(&t, arena_printf(l->arena, "%s/MANIFEST", folder), 2, &ignored))
        while (show_tsv_next(&t, &ignored) && strcmp(t.field[0], "file") != 0) {
            if (strcmp(t.field[0], "business_date") == 0) l->business_date = arena_dup(l->arena, view_of(t.field[1]));
            if (strcmp(t.field[0], "customers") == 0) l->customers = arena_dup(l->arena, view_of(t.field[1]));
        }
    show_tsv_close(&t);
    if (!show_totals_read(&totals, l->arena, folder, &ignored)) return;
    const struct show_total *selected = show_total_find(&totals, "selected", "");
    if (selected) l->selected = arena_printf(l->arena, "%" PRId64, selected->records);
    for (int type = 0; type < CUSTOMER_TYPES; type++) {
        const char *name = CUSTOMER_TYPE_NAMES[type];
        if (!show_total_find(&totals, arena_printf(l->arena, "shadow.kept.%s", name), "")) continue;
        l->has_challenger = true;
        l->challenger_entering += show_total_records(&totals, "shadow.entering", name);
        l->challenger_leaving += show_total_records(&totals, "shadow.leaving", name);
    }
}

static bool read_state(struct show_status *l, struct status *st)
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

static const char *inbox_of(const struct show_status *l)
{
    return l->unit->inbox[0] == '/' ? l->unit->inbox : command_path(l->call, "%s", l->unit->inbox);
}

/* Whose files are waited for: --date; the attempt's; the earliest new one in the inbox; the day after the current one.
 * */
static int32_t arrival_date(const struct show_status *l)
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
    struct show_status *s;
    struct arrive_expected *branches; /* those that have not been found yet */
    int branches_count;
};

static bool note_arrival(void *context, int layout, const char *name, const char *path)
{
    struct arrivals *a = context;
    struct show_status *s = a->s;
    const struct layout *l = s->unit->layouts[layout];
    struct os_file_identity id;
    struct status ignored = {0};
    for (int i = a->branches_count; i-- > 0;)
        if (a->branches[i].layout == layout && arrive_same_name(a->branches[i].name, name))
            a->branches[i] = a->branches[--a->branches_count];
    s->files[layout]++;
    if (os_identify(path, &id, &ignored)) s->bytes[layout] += id.size;
    bool taken = strstr(path, "/run/") != NULL; /* by an attempt: its sender's mark may be gone */
    const char *mark = l->complete == LAYOUT_COMPLETE_OK ? "ok" : l->complete == LAYOUT_COMPLETE_CTL ? "ctl" : NULL;
    if (mark && !taken && !os_exists(arena_printf(s->arena, "%s.%s", path, mark))) s->incomplete[layout] = true;
    return true;
}

bool show_status_complete(const struct show_status *l, int layout)
{
    const struct layout *y = l->unit->layouts[layout];
    if (l->incomplete[layout]) return false;
    for (int i = 0; i < l->branches_count; i++)
        if (l->branches[i].layout == layout) return false;
    return l->files[layout] || l->due.may_lack[layout] || y->expect == LAYOUT_EXPECT_OPTIONAL ||
           !arrive_wants(y, l->changes);
}

/* What the night waits for. The generation before only says which city branches there are: when it cannot be opened,
 * that is for crmx generation verify. */
static bool find_due(struct show_status *l, struct arrive_request *r, struct arrivals *a, struct status *st)
{
    struct generation *old = NULL;
    struct status ignored = {0};
    if (l->generation && !generation_open(l->folder, l->generation, &old, &ignored)) old = NULL;
    if (old && old->business_date >= l->arrival_date) { /* a date that is done */
        generation_close(old);
        old = NULL;
    }
    bool ok = due_find(&l->due, r, l->folder, old, l->arena, st);
    a->branches = arena_array(l->arena, struct arrive_expected, r->expected_count + 1);
    for (int i = 0; ok && i < r->expected_count; i++)
        if (!l->due.closed[r->expected[i].layout] && arrive_wants(l->unit->layouts[r->expected[i].layout], l->changes))
            a->branches[a->branches_count++] = r->expected[i];
    generation_close(old);
    return ok;
}

static bool look_at_inbox(struct show_status *l, struct status *st)
{
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
                               .changes = l->generation != NULL, /* an unload comes to an empty population */
                               .frozen = open && open->step >= 10};
    struct arrivals a = {.s = l};
    l->changes = r.changes;
    if (!find_due(l, &r, &a, st) || !arrive_look(&r, note_arrival, &a, st)) return false;
    l->branches = a.branches;
    l->branches_count = a.branches_count;
    for (int i = 0; i < l->unit->layouts_count; i++) {
        bool missing = !show_status_complete(l, i);
        l->layouts_missing += missing;
        l->layouts_there += l->files[i] && !missing;
    }
    return true;
}

/* --- followers --- */

static const char *database_state(struct show_status *l)
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
static bool add_target(struct show_status *l, const char *target, struct listing *rows, struct status *st)
{
    const char *path = follow_ledger(l->call, l->id, target, st), *state = "nothing delivered yet";
    struct deliver_marks marks = {0};
    if (!path || (os_exists(path) && !deliver_marks_read(path, &marks, st))) return false;
    bool due = l->generation && (marks.delivered.seq == 0 || marks.pending.seq);
    char date[11] = "";
    date_format(marks.delivered.date, date);
    if (!due && marks.delivered.seq && l->business_date && strcmp(date, l->business_date) < 0) due = true;
    if (l->generation && (marks.resync || (marks.generation[0] && strcmp(marks.generation, l->generation) != 0)))
        due = true; /* a date done again, a generation rolled back, a resync */
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
static bool look_at_targets(struct show_status *l, struct status *st)
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

/* Was the attempt held by gates that nobody has decided on yet? */
static bool gates_hold(const struct show_status *l, const struct show_attempt *a)
{
    int32_t date;
    bool there;
    struct gates g;
    struct status ignored = {0};
    return a->step >= 90 && date_parse((struct view){a->id, 10}, &date) &&
           gate_read(l->folder, date, l->arena, &g, &there, &ignored) && there &&
           gate_apply_decisions(l->folder, date, &g, &ignored) && g.held > 0;
}

static void choose_next(struct show_status *l)
{
    char date[11];
    const struct show_attempt *a = l->unfinished;
    const char *kind = l->generation ? "daily" : "initial";
    date_format(l->arrival_date, date);
    if (l->config_error) {
        l->needs_someone = true;
        l->next = arena_printf(l->arena, "correct it, then: crmx layout check --unit %s", l->id);
    } else if (l->holder) {
        l->next = arena_printf(l->arena, "wait for the run; look again: crmx status --unit %s", l->id);
    } else if (a && a->damaged) {
        l->needs_someone = true;
        l->next =
            arena_printf(l->arena, "keep a copy of \"%s\" and remove it; then: crmx run %s --unit %s --date %.10s",
                         a->folder, kind, l->id, a->id);
    } else if (a && a->state == ATTEMPT_FAILED) {
        l->needs_someone = true;
        bool rejects = os_exists(arena_printf(l->arena, "%s/gen.tmp/rejects.tsv", a->folder));
        if (gates_hold(l, a)) {
            l->next = arena_printf(l->arena, "decide: crmx gate list --unit %s --date %.10s --held", l->id, a->id);
            return;
        }
        l->next =
            arena_printf(l->arena, "%srepair the cause, then: crmx run %s --unit %s --date %.10s",
                         rejects ? arena_printf(l->arena, "crmx rejects --unit %s; ", l->id) : "", kind, l->id, a->id);
    } else if (a && l->layouts_missing) {
        l->next = arena_printf(l->arena, "wait for %d more; then: crmx run %s --unit %s --date %.10s",
                               l->layouts_missing, kind, l->id, a->id);
    } else if (a) {
        l->needs_someone = true;
        l->next = arena_printf(l->arena, "it continues: crmx run %s --unit %s --date %.10s", kind, l->id, a->id);
    } else if (l->arrival_date != DATE_NONE && (!l->generation || l->layouts_there)) {
        l->next = l->layouts_missing ? arena_printf(l->arena, "wait for %d more; then: crmx run %s --unit %s --date %s",
                                                    l->layouts_missing, kind, l->id, date)
                                     : arena_printf(l->arena, "crmx run %s --unit %s --date %s", kind, l->id, date);
    } else if (!l->generation) {
        l->next =
            arena_printf(l->arena, "wait for the files; then: crmx run %s --unit %s --date YYYY-MM-DD", kind, l->id);
    }
}

/* --- the whole --- */

bool show_status_read(struct show_status *l, struct status *st)
{
    l->folder = show_unit_folder(l->call, l->id);
    if (!read_state(l, st)) return false;
    if (l->unit && !look_at_inbox(l, st)) return false;
    choose_next(l);
    if (l->generation) l->database = database_state(l);
    return look_at_targets(l, st);
}

void show_status_release(struct show_status *l)
{
    listing_release(&l->targets);
}
