/* crmx exclusion … and crmx override …: the lists 剔除名单 and 特批. Entered by one, approved by another, published as a
 * whole from a business date on. */
#include "base/date.h"
#include "control/act_entry.h"
#include "control/show_record.h"
#include "etl/database_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_WARNED = 4 }; /* done, with warnings */

static const char *const REASONS[] = {"deceased", "written_off",       "black_list", "staff",
                                      "internal", "refuses_marketing", NULL};

/* The first word of the command: exclusion or override. */
static const char *list_of(struct command_call *call)
{
    const char *name = call->command->name;
    return strncmp(name, "override", 8) == 0 ? "override" : "exclusion";
}

static void print_entry(struct command_call *call, int64_t entry, const char *state, const char *next)
{
    if (call->json)
        printf("{\"entry\": %" PRId64 ", \"state\": \"%s\"}\n", entry, state);
    else if (!call->quiet)
        printf("entry %" PRId64 " is %s%s%s\n", entry, state, next[0] ? "; next: " : "", next);
}

static bool entry_state(struct parameter_store *s, int64_t entry, const char **list, const char **state,
                        struct status *st)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, entry);
    PGresult *r = database_query(s->connection, "list_entry", (const char *const[]){number}, 1, st);
    *list = *state = "";
    if (r && PQntuples(r)) {
        *list = arena_dup(s->arena, view_of(PQgetvalue(r, 0, 0)));
        *state = arena_dup(s->arena, view_of(PQgetvalue(r, 0, 1)));
    }
    PQclear(r);
    return r != NULL;
}

/* --- add --- */

static bool read_entry(struct command_call *call, struct parameter_list_act *a, struct status *st)
{
    bool exclusion = strcmp(a->list, "exclusion") == 0;
    const char *type = command_text(call, "id-type", NULL), *no = command_text(call, "id-no", NULL),
               *number = command_text(call, "number", NULL);
    if ((!type != !no) || !type == !number) {
        status_fail(st, STATUS_USAGE, "crmx %s: one way to name the customer is needed", call->command->name);
        return status_hint(st, "--id-type TYPE --id-no NUMBER, or --number NUMBER");
    }
    if (number && (strspn(number, "0123456789") != strlen(number) || strlen(number) > 18)) {
        status_fail(st, STATUS_USAGE, "\"%s\" is no integrated number", number);
        return status_hint(st, "find it: crmx customer show --id-type TYPE --id-no NUMBER");
    }
    a->id_type = type;
    a->id_no = no;
    a->number = number;
    a->reason = exclusion ? REASONS[command_choice(call, "reason", 0)] : command_text(call, "reason", "");
    a->note = command_text(call, "note", NULL);
    a->expires = command_date(call, "expires", DATE_NONE);
    if (exclusion || view_trim(view_of(a->reason)).length) return true;
    status_fail(st, STATUS_USAGE, "crmx %s: a reason is needed", call->command->name);
    return status_hint(st, "add --reason TEXT; it is kept with the entry");
}

static int run_add(struct command_call *call)
{
    struct parameter_store store = {0};
    struct status *st = &call->status;
    struct parameter_list_act a = {.action = "add", .list = list_of(call), .level = act_level(call, st)};
    int64_t entry;
    int warnings = 0;
    bool ok = a.level && read_entry(call, &a, st) && act_open(call, true, &store, st) &&
              act_entry_check(call, &store, &a, &warnings, st) &&
              parameter_store_list_act(&store, &a, &entry, NULL, st);
    if (ok)
        print_entry(call, entry, "entered",
                    arena_printf(&call->arena, "a second person: crmx %s approve %" PRId64, a.list, entry));
    parameter_store_close(&store);
    return !ok ? command_failed(call) : warnings ? EXIT_WARNED : 0;
}

/* --- approve, reject, remove --- */

static int run_entry(struct command_call *call)
{
    struct parameter_store store = {0};
    struct status *st = &call->status;
    const char *list = "", *state;
    struct parameter_list_act a = {.action = strrchr(call->command->name, ' ') + 1,
                                   .entry = command_integer(call, "entry", 0),
                                   .reason = command_text(call, "reason", ""),
                                   .expires = DATE_NONE};
    int64_t entry;
    bool ok = act_open(call, true, &store, st) && entry_state(&store, a.entry, &list, &state, st);
    if (ok && list[0] && strcmp(list, list_of(call)) != 0) {
        ok = status_fail(st, STATUS_USAGE, "entry %" PRId64 " is of the %s list", a.entry, list);
        status_hint(st, "crmx %s %s %" PRId64, list, a.action, a.entry);
    }
    ok =
        ok && parameter_store_list_act(&store, &a, &entry, NULL, st) && entry_state(&store, a.entry, &list, &state, st);
    if (ok) {
        bool open = strcmp(state, "approved") == 0 || strcmp(state, "removed") == 0;
        const char *next = open ? arena_printf(&call->arena, "bring it into force: crmx %s activate", list)
                           : strcmp(state, "removing") == 0
                               ? arena_printf(&call->arena, "a second person: crmx %s approve %" PRId64, list, a.entry)
                               : "";
        print_entry(call, a.entry, state, next);
    }
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

/* --- activate --- */

static int run_activate(struct command_call *call)
{
    struct parameter_store store = {0};
    struct status *st = &call->status;
    struct parameter_list_act a = {.action = "publish",
                                   .level = act_level(call, st),
                                   .reason = command_text(call, "reason", ""),
                                   .expires = DATE_NONE,
                                   .effective_from = command_date(call, "from", DATE_NONE)};
    int64_t number;
    int32_t from;
    char date[11];
    bool ok = a.level && act_open(call, true, &store, st) && parameter_store_list_act(&store, &a, &number, &from, st);
    if (ok) date_format(from, date);
    if (ok && call->json)
        printf("{\"level\": \"%s\", \"number\": %" PRId64 ", \"effective_from\": \"%s\"}\n", a.level, number, date);
    else if (ok && !call->quiet)
        printf("the lists of %s count from business date %s on (state/parameters/%06" PRId64 ".parameter)\n",
               act_level_name(call, a.level), date, number);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

/* --- list --- */

static const char *const STATES[] = {"entered", "approved", "active", "removing", "removed", "rejected", "ended", NULL};

static int run_list(struct command_call *call)
{
    enum { ID_NO = 4 };
    static const char *const COLUMNS[] = {"entry",       "level",  "state",   "id_type",    "id_no",
                                          "number",      "reason", "expires", "entered_by", "removal_by",
                                          "approved_by", "note",   NULL};
    struct parameter_store store = {0};
    struct status *st = &call->status;
    struct show_record records = {0};
    int state = command_choice(call, "state", -1);
    const char *values[] = {list_of(call), command_text(call, "unit", NULL), state < 0 ? NULL : STATES[state],
                            command_flag(call, "all") ? "t" : "f"};
    show_record_open(&records, call, arena_printf(&call->arena, "%s list", values[0]));
    PGresult *r = act_check_level(call, st) && act_open(call, false, &store, st)
                      ? database_query(store.connection, "list_entries", values, 4, st)
                      : NULL;
    bool ok = r != NULL;
    struct listing rows;
    listing_init(&rows, COLUMNS);
    rows.hide_empty = true;
    for (int i = 0; ok && i < PQntuples(r); i++)
        for (int k = 0; k < PQnfields(r); k++) {
            const char *text = PQgetisnull(r, i, k) || !PQgetvalue(r, i, k)[0] ? NULL : PQgetvalue(r, i, k);
            bool hide = text && k == ID_NO && !records.unmask;
            listing_text(&rows, hide ? show_masked(&call->arena, text) : text);
        }
    if (ok) listing_print(&rows, &call->output);
    listing_release(&rows);
    PQclear(r);
    show_record_close(&records);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

/* --- the commands, twice --- */

#define ENTRY                                                                                                          \
    (const struct command_value[])                                                                                     \
    {                                                                                                                  \
        {.name = "entry",                                                                                              \
         .type = COMMAND_INTEGER,                                                                                      \
         .minimum = 1,                                                                                                 \
         .maximum = INT64_MAX,                                                                                         \
         .doc = "its number",                                                                                          \
         .required = true},                                                                                            \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }
#define CUSTOMER                                                                                                       \
    {.name = "id-type",                                                                                                \
     .type = COMMAND_TEXT,                                                                                             \
     .placeholder = "TYPE",                                                                                            \
     .doc = "with --id-no: every customer with this ID, in any notation"},                                             \
        {.name = "id-no", .type = COMMAND_TEXT, .placeholder = "NUMBER", .doc = "with --id-type"},                     \
        {.name = "number",                                                                                             \
         .letter = 'n',                                                                                                \
         .type = COMMAND_TEXT,                                                                                         \
         .placeholder = "NUMBER",                                                                                      \
         .doc = "instead: the integrated number"},                                                                     \
    {                                                                                                                  \
        .name = "note", .type = COMMAND_TEXT, .placeholder = "TEXT", .doc = "remark"                                   \
    }

const struct command command_exclusion_add = {
    .name = "exclusion add",
    .summary = "enter a customer into the exclusion list: never selected, whatever the score",
    .options =
        (const struct command_value[]){
            CUSTOMER,
            {.name = "reason", .letter = 'r', .type = COMMAND_CHOICE, .words = REASONS, .doc = "why", .required = true},
            {.name = "expires",
             .type = COMMAND_DATE,
             .doc = "the last business date it counts for (default: for ever)"},
            ACT_LEVEL,
            ACT_AS,
            {0}},
    .examples = "crmx exclusion add --id-type 01 --id-no 110101198001010010 --reason refuses_marketing --as chen",
    .run = run_add,
};

const struct command command_override_add = {
    .name = "override add",
    .summary = "enter a customer into the override list: selected whatever the score, unless excluded",
    .options =
        (const struct command_value[]){
            CUSTOMER,
            {.name = "reason",
             .letter = 'r',
             .type = COMMAND_TEXT,
             .placeholder = "TEXT",
             .doc = "why, in words",
             .required = true},
            {.name = "expires", .type = COMMAND_DATE, .doc = "the last business date it counts for", .required = true},
            ACT_LEVEL,
            ACT_AS,
            {0}},
    .examples =
        "crmx override add --number 1100000012 --reason 'owner of a corporate customer' --expires 2027-06-30 --as chen",
    .run = run_add,
};

#define LIST_COMMANDS(list, title)                                                                                     \
    const struct command command_##list##_list = {                                                                     \
        .name = #list " list",                                                                                         \
        .summary = "the entries of the " title,                                                                        \
        .options =                                                                                                     \
            (const struct command_value[]){                                                                            \
                {.name = "unit",                                                                                       \
                 .letter = 'u',                                                                                        \
                 .type = COMMAND_TEXT,                                                                                 \
                 .placeholder = "UNIT",                                                                                \
                 .doc = "only of this unit, or head"},                                                                 \
                {.name = "state", .type = COMMAND_CHOICE, .words = STATES, .doc = "only in this state"},               \
                {.name = "all", .type = COMMAND_FLAG, .doc = "also those that are rejected or ended"},                 \
                SHOW_UNMASK,                                                                                           \
                {0}},                                                                                                  \
        .examples = "crmx " #list " list --unit 11 --state entered",                                                   \
        .rows = "",                                                                                                    \
        .run = run_list,                                                                                               \
    };                                                                                                                 \
    const struct command command_##list##_approve = {                                                                  \
        .name = #list " approve",                                                                                      \
        .summary = "approve an entry of the " title ", or its removal; never one's own",                               \
        .arguments = ENTRY,                                                                                            \
        .options = (const struct command_value[]){ACT_REASON, ACT_AS, {0}},                                            \
        .examples = "crmx " #list " approve 12 --as zhao",                                                             \
        .run = run_entry,                                                                                              \
    };                                                                                                                 \
    const struct command command_##list##_reject = {                                                                   \
        .name = #list " reject",                                                                                       \
        .summary = "refuse an entry of the " title ", or its removal",                                                 \
        .arguments = ENTRY,                                                                                            \
        .options = (const struct command_value[]){ACT_REASON, ACT_AS, {0}},                                            \
        .examples = "crmx " #list " reject 12 --reason 'another person' --as zhao",                                    \
        .run = run_entry,                                                                                              \
    };                                                                                                                 \
    const struct command command_##list##_remove = {                                                                   \
        .name = #list " remove",                                                                                       \
        .summary = "ask for an entry of the " title " to be taken out; a second person approves it",                   \
        .arguments = ENTRY,                                                                                            \
        .options = (const struct command_value[]){ACT_REASON, ACT_AS, {0}},                                            \
        .examples = "crmx " #list " remove 12 --reason 'entered by mistake' --as chen",                                \
        .run = run_entry,                                                                                              \
    };                                                                                                                 \
    const struct command command_##list##_activate = {                                                                 \
        .name = #list " activate",                                                                                     \
        .summary = "bring what was approved on both lists of a unit into force, from a business date on",              \
        .options = (const struct command_value[]){ACT_LEVEL, ACT_FROM, ACT_REASON, ACT_AS, {0}},                       \
        .examples = "crmx " #list " activate --unit 11 --from 2026-11-01 --as chen",                                   \
        .run = run_activate,                                                                                           \
    }

LIST_COMMANDS(exclusion, "exclusion list");
LIST_COMMANDS(override, "override list");
