/* crmx gate list, accept: what the gates 闸口 said of a night, and the decision on those that hold it. */
#include "etl/gate.h"
#include "base/date.h"
#include "base/log.h"
#include "base/nearest.h"
#include "control/show.h"
#include "control/show_unit.h"

#include <stdio.h>
#include <string.h>

#define GATE_DATE                                                                                                      \
    {                                                                                                                  \
        .name = "date", .letter = 'd', .type = COMMAND_DATE, .doc = "the business date (default: the latest judged)"   \
    }

struct judged {
    const char *unit, *folder;
    int32_t date;
    char date_text[11];
    struct gates gates;
};

/* --- reading --- */

static bool note_date(void *context, const char *name)
{
    int32_t *latest = context, date;
    if (strlen(name) == 14 && strcmp(name + 10, ".tsv") == 0 && date_parse((struct view){name, 10}, &date) &&
        (*latest == DATE_NONE || date > *latest))
        *latest = date;
    return true;
}

static bool find_date(struct command_call *call, struct judged *j, struct status *st)
{
    const char *folder = arena_printf(&call->arena, "%s/gate", j->folder);
    j->date = command_date(call, "date", DATE_NONE);
    if (j->date == DATE_NONE && os_exists(folder) && !os_list(folder, note_date, &j->date, st)) return false;
    if (j->date != DATE_NONE) return true;
    status_fail(st, STATUS_USAGE, "no gate of unit %s was judged yet", j->unit);
    return status_hint(st, "gates are judged by a run: crmx run initial --unit %s --date YYYY-MM-DD", j->unit);
}

/* Gates as they were judged last; decided ones count as accepted already. */
static bool read_gates(struct command_call *call, struct judged *j, struct status *st)
{
    bool there;
    *j = (struct judged){.unit = show_unit(call, st)};
    if (!j->unit) return false;
    j->folder = show_unit_folder(call, j->unit);
    if (!find_date(call, j, st)) return false;
    date_format(j->date, j->date_text);
    if (!gate_read(j->folder, j->date, &call->arena, &j->gates, &there, st)) return false;
    if (there) return gate_apply_decisions(j->folder, j->date, &j->gates, st);
    status_fail(st, STATUS_USAGE, "no gate of unit %s was judged for %s", j->unit, j->date_text);
    return status_hint(st, "gates are judged by a run: crmx run initial --unit %s --date %s", j->unit, j->date_text);
}

/* --- list --- */

static void add_rows(struct command_call *call, const struct judged *j, struct listing *rows)
{
    bool held = command_flag(call, "held");
    for (int i = 0; i < j->gates.count; i++) {
        const struct gate *g = &j->gates.list[i];
        bool decided = g->verdict == GATE_ACCEPTED;
        if (held && g->verdict != GATE_HELD) continue;
        listing_text(rows, GATE_VERDICT_NAMES[g->verdict]);
        listing_text(rows, g->name);
        listing_text(rows, g->expected);
        listing_text(rows, g->found);
        listing_text(rows, g->deviation);
        listing_text(rows, g->limit);
        if (call->json) {
            listing_text(rows, decided ? g->by : NULL);
            listing_text(rows, decided ? g->time : NULL);
            listing_text(rows, decided ? g->reason : NULL);
        } else {
            listing_text(rows, decided ? arena_printf(&call->arena, "%s: %s", g->by, g->reason) : NULL);
        }
    }
}

static int run_list(struct command_call *call)
{
    static const char *const COLUMNS[] = {"verdict", "gate", "expected", "found",  "deviation",
                                          "limit",   "by",   "time",     "reason", NULL};
    static const char *const FOR_PEOPLE[] = {"verdict",   "gate",  "expected", "found",
                                             "deviation", "limit", "decision", NULL};
    struct judged j;
    struct listing rows;
    if (!read_gates(call, &j, &call->status)) return command_failed(call);
    listing_init(&rows, call->json ? COLUMNS : FOR_PEOPLE);
    add_rows(call, &j, &rows);
    listing_print(&rows, &call->output);
    listing_release(&rows);
    return 0;
}

const struct command command_gate_list = {
    .name = "gate list",
    .summary = "the gates of a night: what was expected, what was found, what holds the run",
    .description =
        "The last judgement of each gate, made by the run after the tie-out and before the commit. held: the "
        "run stopped there; accepted: somebody decided that these figures are right.",
    .options =
        (const struct command_value[]){
            SHOW_UNIT, GATE_DATE, {.name = "held", .type = COMMAND_FLAG, .doc = "only those that hold"}, {0}},
    .examples = "crmx gate list --unit 11\ncrmx gate list --unit 11 --date 2026-10-31 --held",
    .rows = "",
    .run = run_list,
};

/* --- accept --- */

static bool unknown_gate(const struct judged *j, const char *name, struct status *st)
{
    struct nearest n;
    nearest_init(&n, name);
    for (int i = 0; i < j->gates.count; i++) {
        const struct gate *g = &j->gates.list[i];
        if (g->verdict == GATE_HELD) nearest_try(&n, g->name);
        if (strcmp(g->name, name) == 0) {
            status_fail(st, STATUS_USAGE, "gate %s of %s does not hold the run: it is %s", name, j->date_text,
                        GATE_VERDICT_NAMES[g->verdict]);
            return status_hint(st, "see what does: crmx gate list --unit %s --date %s --held", j->unit, j->date_text);
        }
    }
    status_fail(st, STATUS_USAGE, "there is no gate \"%s\" for %s", name, j->date_text);
    if (n.name) return status_hint(st, "did you mean \"%s\"?", n.name);
    return status_hint(st, "see them: crmx gate list --unit %s --date %s", j->unit, j->date_text);
}

static bool is_wanted(struct command_call *call, const char *name)
{
    for (int i = 0; i < command_count(call, "gate"); i++) {
        const char *wanted = command_text_at(call, "gate", i);
        if (strcmp(wanted, "all") == 0 || strcmp(wanted, name) == 0) return true;
    }
    return false;
}

static bool check_wanted(struct command_call *call, const struct judged *j, struct status *st)
{
    if (!j->gates.held) {
        status_fail(st, STATUS_USAGE, "no gate of unit %s holds the run of %s", j->unit, j->date_text);
        return status_hint(st, "go on: crmx run initial --unit %s --date %s", j->unit, j->date_text);
    }
    for (int i = 0; i < command_count(call, "gate"); i++) {
        const char *wanted = command_text_at(call, "gate", i);
        bool known = strcmp(wanted, "all") == 0;
        for (int k = 0; k < j->gates.count && !known; k++)
            known = j->gates.list[k].verdict == GATE_HELD && strcmp(j->gates.list[k].name, wanted) == 0;
        if (!known) return unknown_gate(j, wanted, st);
    }
    return true;
}

static bool accept(struct command_call *call, const struct judged *j, int *accepted, struct status *st)
{
    char user[64];
    os_user_name(os_user(), user);
    const char *by = command_text(call, "by", user), *reason = command_text(call, "reason", NULL);
    if (!reason[strspn(reason, " ")] || !by[strspn(by, " ")])
        return status_fail(st, STATUS_USAGE, "a decision needs a reason and a name");
    for (int i = 0; i < j->gates.count; i++) {
        const struct gate *g = &j->gates.list[i];
        if (g->verdict != GATE_HELD || !is_wanted(call, g->name)) continue;
        if (!gate_decide(j->folder, j->date, g, by, reason, st)) return false;
        log_warning("gate %s accepted by %s: expected %s, found %s: %s", g->name, by, g->expected, g->found, reason);
        ++*accepted;
    }
    return true;
}

static int run_accept(struct command_call *call)
{
    struct judged j;
    int accepted = 0;
    struct status *st = &call->status;
    if (!read_gates(call, &j, st) || !check_wanted(call, &j, st)) return command_failed(call);
    log_run(j.unit, j.date_text);
    if (!accept(call, &j, &accepted, st)) return command_failed(call);
    int left = j.gates.held - accepted;
    if (call->json)
        printf("{\"unit\": \"%s\", \"business_date\": \"%s\", \"accepted\": %d, \"held\": %d}\n", j.unit, j.date_text,
               accepted, left);
    else if (left)
        printf("%d accepted, %d still hold%s the run: crmx gate list --unit %s --date %s --held\n", accepted, left,
               left == 1 ? "s" : "", j.unit, j.date_text);
    else
        printf("%d accepted; go on with the same run command for unit %s and %s\n", accepted, j.unit, j.date_text);
    return 0;
}

const struct command command_gate_accept = {
    .name = "gate accept",
    .summary = "decide that the figures of held gates are right, so that the run may commit",
    .description = "The decision is kept with name, time and reason beside the unit's state and in the generation, and "
                   "is bound to the figures: when other files come and the figures change, the gate holds again. "
                   "Afterwards give the run command again.",
    .arguments = (const struct command_value[]){{.name = "gate",
                                                 .placeholder = "GATE",
                                                 .type = COMMAND_TEXT,
                                                 .repeated = true,
                                                 .required = true,
                                                 .doc = "as crmx gate list names it, or all"},
                                                {0}},
    .options = (const struct command_value[]){SHOW_UNIT,
                                              GATE_DATE,
                                              {.name = "reason",
                                               .letter = 'r',
                                               .type = COMMAND_TEXT,
                                               .placeholder = "TEXT",
                                               .doc = "why the figures are right",
                                               .required = true},
                                              {.name = "by",
                                               .type = COMMAND_TEXT,
                                               .placeholder = "NAME",
                                               .doc = "who decides (default: the user of this session)"},
                                              {0}},
    .examples = "crmx gate accept rows.retail_account --unit 11 --date 2026-10-31 --by wang --reason \"branch 0102 "
                "closed\"\ncrmx gate accept all --unit 11 --reason \"first load, checked with accounting\"",
    .run = run_accept,
};
