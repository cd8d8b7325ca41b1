#include "control/follow.h"

#include "base/date.h"
#include "base/log.h"
#include "base/os.h"
#include "control/show_tsv.h"
#include "etl/generation.h"
#include "etl/journal.h"
#include "etl/load_night.h"
#include "etl/run.h"

#include <stdio.h>
#include <string.h>

enum { TOTALS_MAX = 20000 };

void follow_note(struct command_call *call, const char *unit, const char *generation, int step, const char *event)
{
    char folder[OS_PATH_MAX];
    struct status ignored = {0};
    run_unit_folder(call->work, unit, folder);
    const char *path = arena_printf(&call->arena, "%s/run/%s/journal", folder, generation);
    struct journal *j = os_exists(path) ? journal_open(path, &ignored) : NULL;
    if (j && !journal_find(j, event)) journal_append(j, step, event, generation, &ignored);
    journal_close(j);
}

/* --- 110 load --- */

static enum load_type load_type_of(enum output_type t)
{
    static const enum load_type TYPES[] = {[OUTPUT_DIGITS] = LOAD_DIGITS,
                                           [OUTPUT_AMOUNT] = LOAD_AMOUNT,
                                           [OUTPUT_TEXT] = LOAD_TEXT,
                                           [OUTPUT_DATE] = LOAD_DATE,
                                           [OUTPUT_RAW] = LOAD_RAW};
    return TYPES[t];
}

static bool load_file_of(const struct generation *g, const struct output *o, struct arena *arena, struct load_file *f,
                         struct status *st)
{
    struct os_file_identity id;
    struct load_field *fields = arena_array(arena, struct load_field, o->fields_count);
    for (int i = 0; i < o->fields_count; i++) {
        const struct output_field *from = &o->fields[i];
        int scale =
            from->type == OUTPUT_AMOUNT ? from->scale : 0; /* digits are whole numbers: a customer number, a term */
        fields[i] = (struct load_field){from->name, from->offset, from->length, load_type_of(from->type), scale};
    }
    *f = (struct load_file){.output_name = o->name,
                            .path = arena_printf(arena, "%s/out/%s", g->folder, o->file),
                            .table = o->table,
                            .encoding = o->encoding == LAYOUT_GB18030 ? "gb18030" : "utf-8",
                            .record_length = o->record_length,
                            .data_length = o->data_length,
                            .fields = fields,
                            .fields_count = o->fields_count};
    if (!os_identify(f->path, &id, st)) return false;
    f->records = id.size / o->record_length;
    return true;
}

/* "-1234.50" → -123450 and 2; false when it does not fit 64 bits: such a total stays in totals.tsv alone. */
static bool read_amount(const char *text, int64_t *amount, int *scale)
{
    const char *point = strchr(text, '.'), *p = text + (*text == '-');
    *amount = 0;
    *scale = point ? (int)strlen(point + 1) : 0;
    for (; *p; p++) {
        if (*p == '.') continue;
        if (*p < '0' || *p > '9') return false;
        if (__builtin_mul_overflow(*amount, 10, amount) || __builtin_add_overflow(*amount, *p - '0', amount))
            return false;
    }
    if (*text == '-') *amount = -*amount;
    return true;
}

/* The figures of the tie-out go into the history of the database. */
static bool read_totals(const struct generation *g, struct arena *arena, struct load_request *r, struct status *st)
{
    static const char *const COLUMNS[] = {"step", "name", "currency", "records", "amount", NULL};
    struct load_total *totals = arena_array(arena, struct load_total, TOTALS_MAX);
    struct show_tsv t;
    bool ok = show_tsv_open(&t, arena_printf(arena, "%s/totals.tsv", g->folder), COLUMNS, st);
    while (ok && r->totals_count < TOTALS_MAX && show_tsv_next(&t, st)) {
        struct load_total *to = &totals[r->totals_count];
        *to = (struct load_total){.step = atoi(t.field[0]),
                                  .name = arena_dup(arena, view_of(t.field[1])),
                                  .currency = arena_dup(arena, view_of(t.field[2])),
                                  .records = t.field[3][0] ? atoll(t.field[3]) : -1,
                                  .has_amount = t.field[4][0] != 0};
        if (!to->has_amount || read_amount(t.field[4], &to->amount, &to->scale)) r->totals_count++;
    }
    show_tsv_close(&t);
    r->totals = totals;
    return ok && st->code == STATUS_OK;
}

/* The first day whose events are kept. */
static int32_t events_since(const struct options *o, int32_t business_date)
{
    int year, month, day;
    date_to_civil(business_date, &year, &month, &day);
    int months = year * 12 + month - 1 - (int)(option_integer(o, OPTION_DATABASE_EVENT_MONTHS) - 1);
    return date_from_civil(months / 12, months % 12 + 1, 1);
}

static bool find_nights(struct command_call *call, const struct generation *g, struct load_request *r,
                        struct status *st)
{
    char folder[OS_PATH_MAX];
    struct load_night *nights;
    run_unit_folder(call->work, g->unit->id, folder);
    r->events_since = events_since(call->options, g->business_date);
    if (!load_nights_find(folder, g->unit->id, g->id, &call->arena, &nights, &r->nights_count, st)) return false;
    r->nights = nights;
    return true;
}

static void tell_result(const struct generation *g, const struct load_result *result)
{
    if (result->already_applied)
        log_info("generation %s is loaded already", g->id);
    else
        log_info("%llu rows in %d tables in %.2f s", (unsigned long long)result->rows, result->tables,
                 (double)result->duration_ms / 1e3);
    if (result->events)
        log_info("%llu events of %d night%s", (unsigned long long)result->events, result->nights,
                 result->nights == 1 ? "" : "s");
}

static bool load_generation(struct command_call *call, struct generation *g, struct database *db,
                            const struct follow_load_request *request, struct load_result *result, struct status *st)
{
    struct load_file files[UNIT_OUTPUTS_MAX];
    int count = 0;
    for (int i = 0; i < g->unit->outputs_count; i++)
        if (g->unit->outputs[i]->table && !load_file_of(g, g->unit->outputs[i], &call->arena, &files[count++], st))
            return false;
    struct load_request r = {.unit = g->unit->id,
                             .unit_name = g->unit->name,
                             .business_date = g->business_date,
                             .generation = g->id,
                             .mode = request->mode,
                             .files = files,
                             .files_count = count,
                             .allow_older = request->allow_older};
    if (count == 0) return true;
    if (!read_totals(g, &call->arena, &r, st) || !find_nights(call, g, &r, st) || !load_run(db, &r, result, st))
        return false;
    tell_result(g, result);
    follow_note(call, g->unit->id, g->id, 110, "loaded");
    return true;
}

struct database_config follow_database(struct command_call *call)
{
    const struct options *o = call->options;
    const char *cluster = option_path(o, OPTION_DATABASE_CLUSTER_FOLDER),
               *socket = option_path(o, OPTION_DATABASE_SOCKET_FOLDER);
    return (struct database_config){.mode = (enum database_mode)option_choice(o, OPTION_DATABASE_MODE),
                                    .url = option_text(o, OPTION_DATABASE_URL),
                                    .work_folder = call->work,
                                    .cluster_folder = cluster[0] ? cluster : NULL,
                                    .socket_folder = socket[0] ? socket : NULL,
                                    .programs_folder = option_text(o, OPTION_DATABASE_PROGRAMS_FOLDER),
                                    .start_timeout_ms = option_duration_ms(o, OPTION_DATABASE_START_TIMEOUT)};
}

bool follow_load(struct command_call *call, const struct follow_load_request *r, struct load_result *result,
                 struct status *st)
{
    struct database_config config = follow_database(call);
    char folder[OS_PATH_MAX];
    struct generation *g = NULL;
    struct database *db = NULL;
    *result = (struct load_result){0};
    if (config.mode == DATABASE_NONE) return true;
    run_unit_folder(call->work, r->unit, folder);
    log_step("110 load");
    bool ok = generation_open(folder, r->generation, &g, st) && database_open(&config, &db, st) &&
              load_generation(call, g, db, r, result, st);
    database_close(db);
    generation_close(g);
    log_step(NULL);
    return ok || status_while(st, "loading generation %s of unit %s into PostgreSQL",
                              r->generation ? r->generation : "(current)", r->unit);
}

/* --- all --- */

int follow_generation(struct command_call *call, const char *unit, const char *id)
{
    bool pending = false;
    struct status load = {0}, deliver = {0};
    struct load_result loaded;
    int targets;
    if (!follow_load(call, &(struct follow_load_request){.unit = unit, .generation = id, .mode = LOAD_INITIAL}, &loaded,
                     &load)) {
        pending = true;
        log_status(LOG_WARNING, &load);
        log_warning("generation %s is committed, but not loaded; try again: crmx db load --unit %s", id, unit);
    }
    if (!follow_deliver(call, unit, id, NULL, &targets, &deliver)) {
        pending = true;
        log_status(LOG_WARNING, &deliver);
        log_warning("generation %s is committed, but not delivered; try again: crmx delivery run --unit %s", id, unit);
    }
    return pending ? 4 : 0;
}
