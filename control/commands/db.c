/* crmx db load, db rebuild, db psql: the database as a follower of the generations. */
#include "control/follow.h"
#include "control/show.h"
#include "control/show_unit.h"
#include "etl/database_query.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static bool check_database(struct command_call *call, struct status *st)
{
    if (option_choice(call->options, OPTION_DATABASE_MODE) != DATABASE_NONE) return true;
    status_fail(st, STATUS_USAGE, "this working folder has no database ([database] mode = none in crmx.ini)");
    return status_hint(st, "set mode = embedded there, or for this call: --set database.mode=embedded");
}

/* --- load, rebuild --- */

static void print_result(const struct command_call *call, const char *unit, const struct load_result *r)
{
    if (call->json) {
        printf("{\"unit\": \"%s\", \"already_applied\": %s, \"rows\": %" PRIu64 ", \"tables\": %d, \"events\": %" PRIu64
               ", \"nights\": %d, \"milliseconds\": %" PRId64 "}\n",
               unit, r->already_applied ? "true" : "false", r->rows, r->tables, r->events, r->nights, r->duration_ms);
        return;
    }
    if (call->quiet) return;
    if (r->already_applied)
        printf("unit %s: loaded already, %" PRIu64 " rows\n", unit, r->rows);
    else
        printf("unit %s: %" PRIu64 " rows in %d tables, %.2f s\n", unit, r->rows, r->tables,
               (double)r->duration_ms / 1e3);
}

static int load(struct command_call *call, enum load_mode mode, const char *generation)
{
    struct load_result result;
    const char *unit = show_unit(call, &call->status);
    struct follow_load_request r = {
        .unit = unit, .generation = generation, .mode = mode, .allow_older = generation != NULL};
    if (!unit || !check_database(call, &call->status) || !follow_load(call, &r, &result, &call->status))
        return command_failed(call);
    print_result(call, unit, &result);
    return 0;
}

static int run_load(struct command_call *call)
{
    return load(call, LOAD_INITIAL, NULL);
}

static int run_rebuild(struct command_call *call)
{
    return load(call, LOAD_REBUILD, command_text(call, "generation", NULL));
}

const struct command command_db_load = {
    .name = "db load",
    .summary = "load a unit's current generation into PostgreSQL (again, after a failure)",
    .description =
        "The follower of step 110. Idempotent: what is loaded already is recognised. Readers of the "
        "database see the old rows "
        "until the new ones are complete. Events by rule come for every night the database lacks, as far as its "
        "generation is there.",
    .options = (const struct command_value[]){SHOW_UNIT, {0}},
    .examples = "crmx db load --unit 11",
    .run = run_load,
};

const struct command command_db_rebuild = {
    .name = "db rebuild",
    .summary = "load a unit again although the database says it has it: after a restore, or to go back",
    .options = (const struct command_value[]){SHOW_UNIT,
                                              {.name = "generation",
                                               .letter = 'g',
                                               .type = COMMAND_TEXT,
                                               .placeholder = "ID",
                                               .doc = "this generation, also an older one (default: the current one)"},
                                              {0}},
    .examples = "crmx db rebuild --unit 11\ncrmx db rebuild --unit 11 --generation 2026-10-31.001.1",
    .run = run_rebuild,
};

/* --- psql --- */

/* A statement's rows as a listing. */
static bool query(struct command_call *call, struct database *db, const char *text, struct status *st)
{
    PGresult *r = PQexec(database_connection(db), text);
    ExecStatusType state = PQresultStatus(r);
    if (state != PGRES_TUPLES_OK && state != PGRES_COMMAND_OK)
        return database_fail(database_connection(db), r, "run the statement", st);
    int columns = PQnfields(r);
    const char **names = arena_array(&call->arena, const char *, columns + 1);
    bool ok =
        columns < LISTING_COLUMNS_MAX || status_fail(st, STATUS_USAGE, "more than %d columns", LISTING_COLUMNS_MAX - 1);
    struct listing rows;
    for (int i = 0; i < columns; i++) names[i] = PQfname(r, i);
    listing_init(&rows, ok ? names : (const char *const[]){NULL});
    for (int row = 0; ok && row < PQntuples(r); row++)
        for (int i = 0; i < columns; i++) listing_text(&rows, PQgetisnull(r, row, i) ? NULL : PQgetvalue(r, row, i));
    if (ok && columns) listing_print(&rows, &call->output);
    if (!columns) call->output.written = true; /* done, and there is nothing to print */
    if (ok && !columns && !call->quiet) printf("%s\n", PQcmdStatus(r));
    listing_release(&rows);
    PQclear(r);
    return ok;
}

/* An embedded server lives as long as somebody uses it: this process does, until it is interrupted. */
static void hold(void)
{
    sigset_t set;
    int signal;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fprintf(stderr, "the database is up until you press Ctrl-C\n");
    sigwait(&set, &signal);
}

static int run_psql(struct command_call *call)
{
    struct database_config config = follow_database(call);
    struct database *db = NULL;
    const char *text = command_text(call, "command", NULL);
    if (!check_database(call, &call->status) || !database_open(&config, &db, &call->status))
        return command_failed(call);
    bool ok = true;
    if (text)
        ok = query(call, db, text, &call->status);
    else
        printf("%s\n", database_psql_command(db));
    fflush(stdout);
    if (ok && command_flag(call, "hold"))
        hold();
    else if (ok && !text && config.mode == DATABASE_EMBEDDED && !call->quiet)
        fprintf(stderr, "the embedded server runs while a crmx command uses it; to keep it up: crmx db psql --hold\n");
    database_close(db);
    return ok ? 0 : command_failed(call);
}

const struct command command_db_psql = {
    .name = "db psql",
    .summary = "how psql reaches the database; with --command: the answer to one statement",
    .options =
        (const struct command_value[]){
            {.name = "command",
             .letter = 'c',
             .type = COMMAND_TEXT,
             .placeholder = "SQL",
             .doc = "run this statement and print its rows"},
            {.name = "hold", .type = COMMAND_FLAG, .doc = "keep the embedded server up until Ctrl-C"},
            {0}},
    .examples = "crmx db psql --hold\ncrmx db psql --command \"select unit, business_date from crmx.run\" --json",
    .rows = "",
    .run = run_psql,
};
