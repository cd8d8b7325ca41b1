/* crmx status: every unit at a glance: what it has, what runs, what failed and why, what arrived, what to type next. */
#include "base/date.h"
#include "control/show.h"
#include "control/show_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How it stands with the files of a layout. */
static const char *arrival_state(const struct show_status *l, int layout)
{
    const struct layout *y = l->unit->layouts[layout];
    if (l->incomplete[layout])
        return y->complete == LAYOUT_COMPLETE_OK ? "incomplete: no .ok file" : "incomplete: no .ctl file";
    for (int i = 0; i < l->branches_count; i++)
        if (l->branches[i].layout == layout) return arena_printf(l->arena, "missing: %s", l->branches[i].name);
    return l->files[layout]                        ? "there"
           : waiver_find(&l->due.waivers, y->name) ? "waived"
           : l->due.closed[layout]                 ? "closed: no day of its calendar"
           : y->expect == LAYOUT_EXPECT_OPTIONAL   ? "optional"
                                                   : "missing";
}

static void show_arrivals(const struct show_status *l, struct show *s)
{
    static const char *const COLUMNS[] = {"layout", "files", "bytes", "state", NULL};
    struct listing rows;
    char date[11];
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < l->unit->layouts_count; i++) {
        if (!l->files[i] && !arrive_wants(l->unit->layouts[i], l->changes)) continue;
        listing_text(&rows, l->unit->layouts[i]->name);
        listing_integer(&rows, l->files[i]);
        listing_integer(&rows, (int64_t)l->bytes[i]);
        listing_text(&rows, arrival_state(l, i));
    }
    date_format(l->arrival_date, date);
    show_rows(s, "arrivals", arena_printf(l->arena, "files for %s", date), &rows);
    listing_release(&rows);
}

static void show_running(const struct show_status *l, struct show *s)
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

static const char *attempt_text(const struct show_status *l, const struct show_attempt *a)
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

static void show_head(const struct show_status *l, struct show *s)
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
    if (l->has_challenger && s->json) show_integer(s, "challenger_entering", l->challenger_entering);
    if (l->has_challenger && s->json) show_integer(s, "challenger_leaving", l->challenger_leaving);
    if (l->has_challenger && !s->json)
        show_textf(s, "challenger", "%" PRId64 " would enter, %" PRId64 " leave: crmx formula shadow --unit %s",
                   l->challenger_entering, l->challenger_leaving, l->id);
    show_running(l, s);
    if (l->unfinished) show_text(s, "attempt", attempt_text(l, l->unfinished));
    show_text(s, "database", l->database);
}

static void show_inbox(const struct show_status *l, struct show *s)
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

static void show_page(const struct show_status *l, struct show *s)
{
    bool asked = command_given(l->call, "date") || command_given(l->call, "unit");
    bool files = l->unit && l->arrival_date != DATE_NONE && (l->layouts_there || command_given(l->call, "date"));
    show_document(s);
    show_head(l, s);
    show_inbox(l, s);
    show_text(s, "next", l->next ? l->next : s->json ? NULL : "nothing to do");
    show_rows(s, "delivery", "delivery", &l->targets);
    if (files && (asked || l->layouts_missing)) show_arrivals(l, s);
}

static bool show_one(struct show_status *l, struct show *s, struct status *st)
{
    bool ok = show_status_read(l, st);
    if (ok) show_page(l, s);
    show_status_release(l);
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
    show_open_many(&s, &call->output);
    bool ok = true;
    for (int i = 0; ok && i < count; i++) {
        struct show_status *l = arena_new(&call->arena, struct show_status);
        *l = (struct show_status){.call = call, .arena = &call->arena, .id = ids[i], .arrival_date = DATE_NONE};
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
