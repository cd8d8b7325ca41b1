#include "control/act.h"

#include "base/date.h"
#include "control/follow.h"
#include "control/show.h"
#include "control/show_unit.h"
#include "control/show_value.h"
#include "etl/database_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool act_open(struct command_call *call, bool acts, struct parameter_store *store, struct status *st)
{
    struct database_config config = follow_database(call);
    char user[64];
    *store = (struct parameter_store){0};
    if (config.mode == DATABASE_NONE) {
        status_fail(st, STATUS_USAGE,
                    "crmx %s needs the database, and this working folder has none ([database] mode = none)",
                    call->command->name);
        return status_hint(st, "set mode = embedded in crmx.ini; without a database parameters are the files "
                               "formulas/NAME.formula and threshold.TYPE in units/UU.ini");
    }
    os_user_name(os_user(), user);
    const char *actor = acts ? command_text(call, "as", NULL) : NULL;
    if (acts && !actor) actor = arena_dup(&call->arena, view_of(user));
    return parameter_store_open(store, &config, call->work, actor, &call->arena, st);
}

const char *act_level(struct command_call *call, struct status *st)
{
    const char *given = command_text(call, "unit", NULL);
    return given && strcmp(given, PARAMETER_HEAD) == 0 ? PARAMETER_HEAD : show_unit(call, st);
}

bool act_check_level(struct command_call *call, struct status *st)
{
    if (!command_given(call, "unit") || act_level(call, st)) return true;
    size_t n = strlen(st->hint);
    snprintf(st->hint + n, sizeof st->hint - n, "; the head office: --unit %s", PARAMETER_HEAD);
    return false;
}

const char *act_level_name(struct command_call *call, const char *level)
{
    return strcmp(level, PARAMETER_HEAD) == 0 ? "the head office" : arena_printf(&call->arena, "unit %s", level);
}

/* The command that usually follows. */
static const char *next_command(struct command_call *call, const struct parameter_result *r)
{
    static const struct {
        const char *state, *next, *then;
    } NEXT[] = {
        {"draft", "try it: crmx formula trial", ""},
        {"trialled", "submit it: crmx formula submit", ""},
        {"submitted", "a second person decides: crmx formula show", ", then crmx formula approve or reject"},
        {"approved", "bring it into force: crmx formula activate", ""},
    };
    for (size_t i = 0; i < sizeof NEXT / sizeof *NEXT; i++)
        if (strcmp(r->state, NEXT[i].state) == 0)
            return arena_printf(&call->arena, "%s %" PRId64 "%s", NEXT[i].next, r->version, NEXT[i].then);
    return NULL;
}

static void print_csv(struct command_call *call, const struct parameter_result *r, const char *from)
{
    static const char *const NAMES[] = {"version", "state", "digest", "number", "effective_from"};
    const char *cells[] = {arena_printf(&call->arena, "%" PRId64, r->version), r->state, r->digest,
                           arena_printf(&call->arena, "%d", r->number), from};
    listing_print_names(&call->output, NAMES, 5);
    listing_print_cells(&call->output, NAMES, cells, 5);
}

void act_print(struct command_call *call, const struct parameter_result *r)
{
    char from[11];
    date_format(r->number ? r->effective_from : DATE_NONE, from);
    if (call->output.format == LISTING_CSV) {
        print_csv(call, r, from);
        return;
    }
    if (call->json) {
        printf("{\"version\": %" PRId64 ", \"state\": \"%s\", \"digest\": \"%s\", \"number\": %d, \"effective_from\": ",
               r->version, r->state, r->digest, r->number);
        printf(from[0] ? "\"%s\"}\n" : "null}\n", from);
        return;
    }
    if (call->quiet) return;
    bool ended = r->number && strcmp(r->state, "retired") == 0;
    printf("version %" PRId64 " is %s", r->version, r->state);
    if (r->number)
        printf(": %scounts from business date %s on (state/parameters/%06d.parameter)", ended ? "no longer " : "", from,
               r->number);
    if (ended) printf("; what counts instead: crmx parameter show");
    const char *next = next_command(call, r);
    printf(next ? "; %s\n" : "\n", next);
    if (!r->called_off) return;
    date_format(r->called_off_from, from);
    printf("version %" PRId64
           ", which was to count from %s on, does not any more: it is approved; bring it into force again: crmx "
           "formula activate %" PRId64 " --from %s\n",
           r->called_off, from, r->called_off, from);
}

/* --- what counts when --- */

bool act_dates_open(struct act_dates *d, struct parameter_store *store, struct status *st)
{
    *d = (struct act_dates){.store = store};
    return parameter_load(store->work, store->arena, &d->files, st);
}

/* Few levels, each asked once. */
static bool next_date(struct act_dates *d, const char *level, int32_t *next, struct status *st)
{
    struct parameter_set ignored;
    for (struct act_level_date *l = d->levels; l; l = l->next)
        if (strcmp(l->level, level) == 0) return *next = l->date, true;
    if (!parameter_store_dates(d->store, level, &ignored, next, st)) return false;
    struct act_level_date *l = arena_new(d->store->arena, struct act_level_date);
    *l = (struct act_level_date){arena_dup(d->store->arena, view_of(level)), *next, d->levels};
    d->levels = l;
    return true;
}

bool act_state(struct act_dates *d, int64_t version, const char *level, const char *state, struct act_state *out,
               struct status *st)
{
    int32_t next, from, until;
    char first[11], last[11];
    *out = (struct act_state){.word = state, .text = state};
    bool decided = strcmp(state, "active") == 0 || strcmp(state, "retired") == 0;
    if (!decided) return true;
    if (!next_date(d, level, &next, st)) return false;
    if (!parameter_span(&d->files, version, next, &from, &until)) {
        out->word = out->text = "retired";
        return true;
    }
    date_format(from, first);
    date_format(until, last);
    struct arena *arena = d->store->arena;
    out->word = out->text = "active";
    if (from > next) out->text = arena_printf(arena, "active from %s", first);
    if (last[0]) out->text = arena_printf(arena, "%s until %s", out->text, last);
    if (last[0]) out->until = arena_dup(arena, view_of(last));
    return true;
}

const char *act_read_text(struct command_call *call, const char *path, struct status *st)
{
    struct buf text;
    buf_init(&text, PARAMETER_TEXT_MAX + 1);
    const char *out = NULL;
    if (!os_read_file(path, &text, st)) goto out;
    if (text.length == 0 || text.length > PARAMETER_TEXT_MAX) {
        status_fail(st, STATUS_USAGE, "\"%s\" has %s bytes; a formula has 1 to %d", path,
                    text.length ? "too many" : "0", PARAMETER_TEXT_MAX);
    } else if (!buf_is_utf8(buf_view(&text)) || memchr(text.bytes, 0, text.length)) {
        status_fail(st, STATUS_USAGE, "\"%s\" is not UTF-8 text", path);
        status_hint(st, "convert it: iconv -f GB18030 -t UTF-8 %s", path);
    } else {
        out = arena_dup(&call->arena, buf_view(&text));
    }
out:
    buf_release(&text);
    return out;
}

bool act_list(struct command_call *call, PGconn *c, const char *query, const char *const *values, int values_count,
              const char *const names[], struct status *st)
{
    PGresult *r = database_query(c, query, values, values_count, st);
    struct listing rows;
    if (!r) return false;
    listing_init(&rows, names);
    rows.hide_empty = true;
    for (int i = 0; i < PQntuples(r); i++)
        for (int k = 0; k < PQnfields(r); k++)
            listing_text(&rows, PQgetisnull(r, i, k) || !PQgetvalue(r, i, k)[0] ? NULL : PQgetvalue(r, i, k));
    listing_print(&rows, &call->output);
    listing_release(&rows);
    PQclear(r);
    return true;
}

/* --- content of a version --- */

const char *act_threshold(struct command_call *call, const char *given, struct status *st)
{
    int64_t minor;
    if (show_parse_amount("threshold", given, &minor, st) && minor >= 0) return show_decimal(&call->arena, minor, 2);
    status_clear(st);
    status_fail(st, STATUS_USAGE, "\"%s\" is no threshold", given);
    status_hint(st, "an amount in yuan such as 500000 or 500000.00");
    return NULL;
}

bool act_keep_parts(struct parameter_store *store, struct parameter_act *a, int inherit, struct status *st)
{
    struct parameter_version v;
    if (!parameter_store_active(store, a->level, a->customer_type, &v, st)) return false;
    const char **parts[] = {&a->formula, &a->threshold, &a->challenger},
               *in_force[] = {v.formula, v.threshold, v.challenger};
    for (int i = 0; i < 3; i++) {
        if (i == inherit)
            *parts[i] = NULL;
        else if (!*parts[i])
            *parts[i] = in_force[i];
    }
    return true;
}
