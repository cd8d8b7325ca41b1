#include "etl/load.h"

#include "base/os.h"
#include "base/pool.h"
#include "etl/database_query.h"
#include "etl/load_event.h"
#include "etl/load_fill.h"
#include "etl/load_plan.h"
#include "etl/load_publish.h"
#include "etl/load_request.h"

#include <string.h>

enum { LOCK_PATIENCE_MS = 3000, LOCK_POLL_MS = 30 };

/* --- one loader per unit --- */

/* Waits a little: the server may not have noticed yet that the last loader was killed. */
static bool lock_unit(PGconn *c, const char *unit, struct status *st)
{
    const char *const values[] = {unit};
    for (int waited_ms = 0; waited_ms <= LOCK_PATIENCE_MS; waited_ms += LOCK_POLL_MS) {
        PGresult *r = database_query(c, "load_lock", values, 1, st);
        if (!r) return false;
        bool got = PQgetvalue(r, 0, 0)[0] == 't';
        PQclear(r);
        if (got) return true;
        os_sleep_ms(LOCK_POLL_MS);
    }
    status_fail(st, STATUS_BUSY, "unit %s is being loaded by another process", unit);
    return status_hint(st, "see it: crmx status; give the same command again when it is done");
}

static void unlock_unit(PGconn *c, const char *unit)
{
    const char *const values[] = {unit};
    struct status ignored = {0}; /* a broken connection has given it back */
    database_run(c, "load_unlock", values, 1, &ignored);
}

/* --- what is there --- */

struct applied {
    char load_number[24]; /* empty: nothing is applied */
    char generation[48];
    uint64_t rows, bytes;
};

static bool read_applied(PGconn *c, const char *unit, struct applied *a, struct status *st)
{
    const char *const values[] = {unit};
    *a = (struct applied){0};
    PGresult *r = database_query(c, "load_applied", values, 1, st);
    if (!r) return false;
    if (PQntuples(r) > 0) {
        snprintf(a->generation, sizeof a->generation, "%s", PQgetvalue(r, 0, 0));
        snprintf(a->load_number, sizeof a->load_number, "%s", PQgetvalue(r, 0, 1));
        a->rows = strtoull(PQgetvalue(r, 0, 3), NULL, 10);
        a->bytes = strtoull(PQgetvalue(r, 0, 4), NULL, 10);
    }
    PQclear(r);
    return true;
}

/* True with out->already_applied when there is nothing to do; false and a status when the request must not be done. */
static bool decide(const struct load_request *r, const struct applied *a, struct load_result *out, struct status *st)
{
    if (!a->load_number[0]) return true;
    int order = load_compare_generations(r->generation, a->generation);
    if (order == 0 && r->mode != LOAD_REBUILD) {
        out->already_applied = true;
        out->rows = a->rows;
        out->bytes = a->bytes;
        out->load_number = atoll(a->load_number);
        return true;
    }
    if (order >= 0 || r->allow_older) return true;
    status_fail(st, STATUS_INPUT, "generation %s of unit %s is older than %s, which the database shows", r->generation,
                r->unit, a->generation);
    return status_hint(st, "to go back on purpose: crmx db rebuild --unit %s --generation %s", r->unit, r->generation);
}

/* --- before the fill --- */

/* Each in a transaction of its own with a short patience: a reader who still holds a replaced table is not worth
 * waiting for, and the wait would hold up the readers behind it. */
static bool drop_leftovers(PGconn *c, const char *unit, const struct applied *a, struct load_result *out,
                           struct status *st)
{
    const char *const values[] = {unit, a->load_number[0] ? a->load_number : NULL};
    PGresult *r = database_query(c, "load_leftovers", values, 2, st);
    if (!r) return false;
    bool ok = database_script(c, "load_leftovers", "SET lock_timeout = '500ms'", st);
    for (int i = 0; ok && i < PQntuples(r); i++) {
        struct status held = {0};
        if (database_script(c, "load_leftovers", PQgetvalue(r, i, 0), &held)) {
            out->loads_dropped++;
        } else if (PQstatus(c) == CONNECTION_OK) {
            out->loads_kept++;
        } else {
            *st = held;
            ok = false;
        }
    }
    PQclear(r);
    return ok && database_script(c, "load_leftovers", "RESET lock_timeout", st);
}

static bool prepare_unit(PGconn *c, const struct load_request *r, struct status *st)
{
    const char *const unit[] = {r->unit, r->unit_name ? r->unit_name : r->unit};
    bool ok = database_begin(c, st) && database_run(c, "load_unit", unit, 2, st) &&
              database_run_written(c, "load_unit_tables", unit, 1, NULL, st) && database_commit(c, st);
    if (!ok) database_rollback(c);
    return ok || status_while(st, "preparing the tables of unit %s", r->unit);
}

/* --- the fill --- */

struct fill {
    const struct load_request *request;
    const struct load_plan *plan;
    PGconn *connections[LOAD_CONNECTIONS_MAX];
    uint64_t replaced[LOAD_CONNECTIONS_MAX];
};

static bool fill_one(void *context, int worker, uint64_t task, struct status *st)
{
    struct fill *f = context;
    return load_fill_table(f->connections[worker], f->request, f->plan, &f->plan->tables[task], &f->replaced[worker],
                           st);
}

static int choose_connections(const struct load_request *r, const struct load_plan *plan)
{
    int n = r->connections ? r->connections : os_cpu_count();
    if (n > plan->tables_count) n = plan->tables_count;
    return n > LOAD_CONNECTIONS_MAX ? LOAD_CONNECTIONS_MAX : n < 1 ? 1 : n;
}

/* The main connection stays out: it holds the unit's lock and must not be lost with a worker's. */
static bool fill_tables(struct database *db, const struct load_request *r, const struct load_plan *plan,
                        struct load_result *out, struct status *st)
{
    struct fill f = {.request = r, .plan = plan};
    int count = choose_connections(r, plan);
    bool ok = true;
    for (int i = 0; ok && i < count; i++) ok = (f.connections[i] = database_connect(db, st)) != NULL;
    if (ok) {
        struct pool *pool = pool_new(count);
        ok = pool_run(pool, (uint64_t)plan->tables_count, fill_one, &f, st);
        pool_free(pool);
    }
    for (int i = 0; i < count; i++) {
        out->replaced += f.replaced[i];
        PQfinish(f.connections[i]);
    }
    return ok;
}

/* --- the way through --- */

static bool load_locked(struct database *db, const struct load_request *r, struct arena *a, uint64_t begin_ns,
                        struct load_result *out, struct status *st)
{
    PGconn *c = database_connection(db);
    struct applied applied;
    struct load_plan plan;
    struct load_event_plan events;
    if (!read_applied(c, r->unit, &applied, st) || !decide(r, &applied, out, st) ||
        !load_event_plan_make(c, r, a, &events, st))
        return false;
    out->events = events.rows;
    out->nights = events.nights;
    if (out->already_applied) return load_event_catch_up(c, r, &events, st);
    if (!load_plan_make(c, r, a, &plan, st) || !prepare_unit(c, r, st) ||
        !drop_leftovers(c, r->unit, &applied, out, st) || !load_event_prepare(c, r, &events, st) ||
        !fill_tables(db, r, &plan, out, st))
        return false;
    out->rows = plan.rows;
    out->bytes = plan.bytes;
    out->tables = plan.tables_count;
    out->load_number = atoll(plan.load_number);
    out->duration_ms = (int64_t)((os_monotonic_ns() - begin_ns) / 1000000u);
    struct load_published figures = {.replaced = out->replaced, .duration_ms = out->duration_ms};
    return load_publish(c, r, &plan, &events, &figures, st);
}

bool load_run(struct database *db, const struct load_request *r, struct load_result *out, struct status *st)
{
    uint64_t begin_ns = os_monotonic_ns();
    *out = (struct load_result){0};
    if (!load_check_request(r, st)) return false;
    PGconn *c = database_connection(db);
    struct arena arena;
    arena_init(&arena, "load");
    bool ok = lock_unit(c, r->unit, st);
    if (ok) {
        ok = load_locked(db, r, &arena, begin_ns, out, st);
        unlock_unit(c, r->unit);
    }
    arena_release(&arena);
    return ok || status_while(st, "loading generation %s of unit %s into the database", r->generation, r->unit);
}
