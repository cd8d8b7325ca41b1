#include "etl/load_publish.h"

#include "base/date.h"
#include "etl/database_query.h"

#include <stdio.h>

/* Numbers as text parameters. */
struct digits {
    char text[48];
};

static struct digits digits_of(int64_t n)
{
    struct digits d;
    snprintf(d.text, sizeof d.text, "%lld", (long long)n);
    return d;
}

/* -123 with scale 2 → "-1.23" */
static struct digits amount_of(int64_t amount, int scale)
{
    struct digits d;
    uint64_t magnitude = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount, unit = 1;
    ensure(scale >= 0 && scale <= 18);
    for (int i = 0; i < scale; i++) unit *= 10;
    int n = snprintf(d.text, sizeof d.text, "%s%llu", amount < 0 ? "-" : "", (unsigned long long)(magnitude / unit));
    if (scale)
        snprintf(d.text + n, sizeof d.text - (size_t)n, ".%0*llu", scale, (unsigned long long)(magnitude % unit));
    return d;
}

static bool record_files(PGconn *c, const char *run, const struct load_plan *plan, struct status *st)
{
    for (int t = 0; t < plan->tables_count; t++)
        for (int i = 0; i < plan->tables[t].files_count; i++) {
            const struct load_file *f = plan->tables[t].files[i].file;
            struct digits bytes = digits_of((int64_t)(f->records * f->record_length)),
                          records = digits_of((int64_t)f->records);
            const char *const values[] = {run, f->output_name, bytes.text, records.text, f->table};
            if (!database_run(c, "load_record_file", values, 5, st)) return false;
        }
    return true;
}

static bool record_totals(PGconn *c, const char *run, const struct load_request *r, struct status *st)
{
    for (int i = 0; i < r->totals_count; i++) {
        const struct load_total *t = &r->totals[i];
        struct digits step = digits_of(t->step), records = digits_of(t->records),
                      amount = amount_of(t->amount, t->has_amount ? t->scale : 0);
        const char *const values[] = {run,
                                      step.text,
                                      t->name,
                                      t->currency,
                                      t->records < 0 ? NULL : records.text,
                                      t->has_amount ? amount.text : NULL};
        if (!database_run(c, "load_record_total", values, 6, st)) return false;
    }
    return true;
}

static bool record(PGconn *c, const struct load_request *r, const struct load_plan *plan,
                   const struct load_published *figures, struct status *st)
{
    char run[LOAD_UNIT_MAX + 48], date[11];
    const char *mode = r->mode == LOAD_REBUILD ? "rebuild" : "initial";
    snprintf(run, sizeof run, "%s/%s", r->unit, r->generation);
    date_format(r->business_date, date);
    struct digits rows = digits_of((int64_t)plan->rows), bytes = digits_of((int64_t)plan->bytes),
                  replaced = digits_of((int64_t)figures->replaced), duration = digits_of(figures->duration_ms);
    const char *const a_run[] = {run, r->unit, date, r->generation, mode};
    const char *const a_step[] = {run, rows.text, duration.text};
    const char *const a_load[] = {plan->load_number, r->unit,    r->generation, date,         run, mode,
                                  rows.text,         bytes.text, replaced.text, duration.text};
    const char *const an_application[] = {r->unit, plan->load_number, r->generation, date};
    return database_run(c, "load_record_run", a_run, 5, st) && database_run(c, "load_record_step", a_step, 3, st) &&
           record_files(c, run, plan, st) && record_totals(c, run, r, st) &&
           database_run(c, "load_record_load", a_load, 10, st) && database_run(c, "load_apply", an_application, 4, st);
}

/* Attached but not applied: nobody sees the tables yet. In a transaction of its own: a reader learns of new tables when
 * they are announced, a moment after the commit, and must know them before its snapshot can contain the row in
 * applied_generation. */
static bool attach_tables(PGconn *c, const struct load_request *r, const struct load_plan *plan, struct status *st)
{
    const char *const attach[] = {r->unit, plan->load_number};
    int attached = 0;
    bool ok = database_begin(c, st) && database_run_written(c, "load_attach", attach, 2, &attached, st);
    /* Pairs with load_fill: what was filled is what is shown. */
    if (ok && attached != plan->tables_count)
        ok = status_fail(st, STATUS_DATABASE,
                         "%d tables were filled, %d of them are there: somebody else works on unit %s",
                         plan->tables_count, attached, r->unit);
    return ok && database_commit(c, st);
}

bool load_publish(PGconn *c, const struct load_request *r, const struct load_plan *plan,
                  const struct load_event_plan *events, const struct load_published *figures, struct status *st)
{
    bool ok = attach_tables(c, r, plan, st) && database_begin(c, st) && record(c, r, plan, figures, st) &&
              load_event_apply(c, r, events, st) && database_commit(c, st);
    if (!ok) database_rollback(c);
    return ok || status_while(st, "publishing generation %s of unit %s", r->generation, r->unit);
}
