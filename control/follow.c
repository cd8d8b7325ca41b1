#include "control/follow.h"

#include "base/conf.h"
#include "base/date.h"
#include "base/log.h"
#include "base/os.h"
#include "etl/database.h"
#include "etl/deliver.h"
#include "etl/generation.h"
#include "etl/run.h"

#include <stdio.h>
#include <string.h>

static const char *generation_date(const struct generation *g, struct arena *arena)
{
    char date[11];
    date_format(g->business_date, date);
    return arena_dup(arena, view_of(date));
}

/* --- 110 load --- */

static enum load_type load_type_of(enum output_type t)
{
    static const enum load_type TYPES[] = {[OUTPUT_DIGITS] = LOAD_DIGITS, [OUTPUT_AMOUNT] = LOAD_AMOUNT, [OUTPUT_TEXT] = LOAD_TEXT, [OUTPUT_DATE] = LOAD_DATE, [OUTPUT_RAW] = LOAD_RAW};
    return TYPES[t];
}

static bool load_file_of(const struct generation *g, const struct output *o, struct arena *arena, struct load_file *f, struct status *st)
{
    struct os_file_identity id;
    struct load_field *fields = arena_array(arena, struct load_field, o->fields_count);
    for (int i = 0; i < o->fields_count; i++)
        fields[i] = (struct load_field){o->fields[i].name, o->fields[i].offset, o->fields[i].length, load_type_of(o->fields[i].type), o->fields[i].type == OUTPUT_AMOUNT ? o->fields[i].scale : 0};
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

static bool load_generation(struct command_call *call, struct generation *g, struct database *db, enum load_mode mode, struct status *st)
{
    struct load_file files[UNIT_OUTPUTS_MAX];
    int count = 0;
    for (int i = 0; i < g->unit->outputs_count; i++)
        if (g->unit->outputs[i]->table && !load_file_of(g, g->unit->outputs[i], &call->arena, &files[count++], st)) return false;
    struct load_request r = {.unit = g->unit->id, .unit_name = g->unit->name, .business_date = g->business_date, .generation = g->id, .mode = mode, .files = files,
                             .files_count = count};
    struct load_result result;
    if (count == 0) return true;
    if (!load_run(db, &r, &result, st)) return false;
    if (result.already_applied) log_info("generation %s is loaded already", g->id);
    else log_info("%llu rows in %d tables in %.2f s", (unsigned long long)result.rows, result.tables, (double)result.duration_ms / 1e3);
    return true;
}

bool follow_load(struct command_call *call, const char *unit, const char *id, enum load_mode mode, struct status *st)
{
    enum database_mode kind = (enum database_mode)option_choice(call->options, OPTION_DATABASE_MODE);
    if (kind == DATABASE_NONE) return true;
    char folder[OS_PATH_MAX];
    struct generation *g = NULL;
    struct database *db = NULL;
    run_unit_folder(call->work, unit, folder);
    const char *cluster = option_path(call->options, OPTION_DATABASE_CLUSTER_FOLDER), *socket = option_path(call->options, OPTION_DATABASE_SOCKET_FOLDER);
    struct database_config config = {.mode = kind, .url = option_text(call->options, OPTION_DATABASE_URL), .work_folder = call->work,
                                     .cluster_folder = cluster[0] ? cluster : NULL, .socket_folder = socket[0] ? socket : NULL,
                                     .programs_folder = option_text(call->options, OPTION_DATABASE_PROGRAMS_FOLDER),
                                     .start_timeout_ms = option_duration_ms(call->options, OPTION_DATABASE_START_TIMEOUT)};
    log_step("110 load");
    bool ok = generation_open(folder, id, &g, st) && database_open(&config, &db, st) && load_generation(call, g, db, mode, st);
    database_close(db);
    generation_close(g);
    return ok || status_while(st, "loading generation %s of unit %s into PostgreSQL", id, unit);
}

/* --- 120 deliver --- */

static void tell(void *context, const char *text)
{
    (void)context;
    log_info("%s", text);
}

static bool deliver_to(struct command_call *call, struct generation *g, const struct deliver_target *target, const char *ledgers, struct status *st)
{
    struct deliver_file files[UNIT_OUTPUTS_MAX];
    struct arena *arena = &call->arena;
    for (int i = 0; i < g->unit->outputs_count; i++) {
        const struct output *o = g->unit->outputs[i];
        struct os_file_identity id;
        const char *path = arena_printf(arena, "%s/out/%s", g->folder, o->file);
        if (!os_identify(path, &id, st)) return false;
        files[i] = (struct deliver_file){.name = o->file, .path = path, .bytes = id.size, .records = id.size / o->record_length};
    }
    char ledger[OS_PATH_MAX];
    if (!deliver_ledger_path(ledgers, target->place.name, ledger, st)) return false;
    struct deliver_set set = {.unit = g->unit->id, .key = {g->business_date, 1}, .generation = g->id, .files = files, .files_count = g->unit->outputs_count};
    struct deliver_options options = {.ledger_path = ledger, .tell = tell};
    struct deliver_result result;
    if (!deliver_run(target, &set, &options, &result, st)) return status_while(st, "delivering to target %s", target->place.name);
    if (result.already) log_info("target %s has the set of %s already", target->place.name, generation_date(g, arena));
    else log_info("%d files delivered to target %s", result.files_sent, target->place.name);
    return true;
}

/* Targets are read from the live unit file: where to send is not part of what was computed. */
bool follow_deliver(struct command_call *call, const char *unit, const char *id, struct status *st)
{
    char folder[OS_PATH_MAX];
    struct generation *g = NULL;
    struct deliver_target *targets;
    int count = 0;
    run_unit_folder(call->work, unit, folder);
    const char *ledgers = arena_printf(&call->arena, "%s/ledger", folder);
    struct conf *c = conf_open(command_path(call, "units/%s.ini", unit), st);
    log_step("120 deliver");
    bool ok = c && deliver_targets_read(c, unit, call->work, &call->arena, &targets, &count, st);
    if (ok && count) ok = os_make_folder(ledgers, st) && generation_open(folder, id, &g, st);
    for (int i = 0; ok && i < count; i++) ok = deliver_to(call, g, &targets[i], ledgers, st);
    generation_close(g);
    conf_close(c);
    return ok;
}

int follow_generation(struct command_call *call, const char *unit, const char *id)
{
    bool pending = false;
    struct status load = {0}, deliver = {0};
    if (!follow_load(call, unit, id, LOAD_INITIAL, &load)) {
        pending = true;
        log_status(LOG_WARNING, &load);
        log_warning("generation %s is committed, but not loaded; try again: crmx db load --unit %s", id, unit);
    }
    if (!follow_deliver(call, unit, id, &deliver)) {
        pending = true;
        log_status(LOG_WARNING, &deliver);
        log_warning("generation %s is committed, but not delivered; try again: crmx delivery run --unit %s", id, unit);
    }
    log_step(NULL);
    return pending ? 4 : 0;
}
