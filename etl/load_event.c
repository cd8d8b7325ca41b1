#include "etl/load_event.h"

#include "base/date.h"
#include "base/os.h"
#include "etl/change.h"
#include "etl/copy_binary.h"
#include "etl/database_query.h"
#include "etl/load_stream.h"
#include "etl/load_text.h"
#include "etl/tsv.h"

#include <stdio.h>
#include <string.h>

/* EVENT_LINE_MAX: bytes of a line of changes.tsv; a number, a rule's name and two values are far below. */
enum { EVENT_COLUMNS = 7, EVENT_LINE_MAX = 8192, EVENT_ROW_MAX = LOAD_TEXT_GROWTH * EVENT_LINE_MAX + 128 };
static const char COPY_STATEMENT[] =
    "COPY crmx_store.event (unit, business_date, position, number, rule, old, new) FROM STDIN (FORMAT binary)";

/* --- one line --- */

struct reading { /* of one night's file */
    const struct load_request *request;
    const struct load_night *night;
    struct load_text text;
    uint64_t rows;
    struct load_stream *stream; /* NULL: only checked */
    char *scratch;              /* the row, then */
};

static bool fail_line(const struct reading *d, const char *what, struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "could not load \"%s\": line %llu: %s", d->night->path,
                (unsigned long long)d->rows + 2, what);
    return status_hint(st, "the generation is damaged: crmx generation verify --unit %s, then restore it from a backup",
                       d->request->unit);
}

static bool read_number(const char *text, int64_t *number)
{
    *number = 0;
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 18 || text[n]) return false;
    while (*text) *number = *number * 10 + (*text++ - '0');
    return true;
}

/* NULL: the text is malformed. An empty one is NULL in the database, as with all columns. */
static char *put_text(struct reading *d, char *out, const char *text)
{
    size_t bad;
    if (!*text) return copy_put_null(out);
    char *end = load_text_put(&d->text, out + 4, text, strlen(text), &bad);
    if (end) copy_put_u32(out, (uint32_t)(end - out - 4));
    return end;
}

static bool take_line(void *context, char *field[], struct status *st)
{
    struct reading *d = context;
    struct load_stream *s = d->stream;
    int64_t number;
    size_t length = 0;
    for (int i = 0; i < 4; i++) length += strlen(field[i]);
    if (length > EVENT_LINE_MAX) return fail_line(d, "it is longer than 8,192 bytes", st);
    if (!read_number(field[0], &number)) return fail_line(d, "the customer's number is none", st);
    if (!field[1][0]) return fail_line(d, "the name of the rule is missing", st);
    char *out = copy_put_row(s ? s->bytes + s->length : d->scratch, EVENT_COLUMNS);
    out = copy_put_text(out, d->request->unit, strlen(d->request->unit));
    out = copy_put_date(out, d->night->business_date);
    out = copy_put_int64(out, (int64_t)++d->rows);
    out = copy_put_int64(out, number);
    for (int i = 1; out && i < 4; i++) out = put_text(d, out, field[i]);
    if (!out) {
        d->rows--;
        return fail_line(d, "it holds bytes that are no UTF-8 character", st);
    }
    if (!s) return true;
    s->length = (size_t)(out - s->bytes);
    return s->length < LOAD_STREAM_SIZE || load_stream_flush(s, st);
}

/* stream NULL: checks and counts. */
static bool read_night(const struct load_request *r, const struct load_night *night, struct load_stream *stream,
                       uint64_t *rows, struct status *st)
{
    struct reading d = {.request = r, .night = night, .stream = stream};
    *rows = 0;
    if (!night->path) return true;
    if (!load_text_init(&d.text, "utf-8", r->replace_malformed, st)) return false;
    d.scratch = malloc(EVENT_ROW_MAX);
    ensure(d.scratch);
    bool ok = tsv_read(night->path, CHANGE_HEAD, take_line, &d, st);
    free(d.scratch);
    load_text_release(&d.text);
    *rows = d.rows;
    return ok || status_while(st, "reading the events of generation %s", night->generation);
}

/* --- what is wanted --- */

static int find_day(const PGresult *days, int32_t date)
{
    char text[11];
    date_format(date, text);
    for (int i = 0; i < PQntuples(days); i++)
        if (strcmp(PQgetvalue(days, i, 0), text) == 0) return i;
    return -1;
}

static bool has_later(const PGresult *days, int32_t last)
{
    int32_t date;
    for (int i = 0; i < PQntuples(days); i++)
        if (date_parse(view_of(PQgetvalue(days, i, 0)), &date) && date > last) return true;
    return false;
}

bool load_event_plan_make(PGconn *c, const struct load_request *r, struct arena *a, struct load_event_plan *out,
                          struct status *st)
{
    const char *const values[] = {r->unit};
    bool *wanted = arena_array(a, bool, r->nights_count + 1), ok = true;
    uint64_t *rows_of = arena_array(a, uint64_t, r->nights_count + 1);
    *out = (struct load_event_plan){.wanted = wanted, .rows_of = rows_of};
    if (r->nights_count == 0) return true;
    PGresult *days = database_query(c, "load_event_days", values, 1, st);
    if (!days) return false;
    for (int i = 0; ok && i < r->nights_count; i++) {
        const struct load_night *night = &r->nights[i];
        int at = find_day(days, night->business_date);
        bool same = at >= 0 && strcmp(PQgetvalue(days, at, 1), night->generation) == 0;
        wanted[i] = night->business_date >= r->events_since && (!same || r->mode == LOAD_REBUILD);
        if (!wanted[i]) continue;
        ok = read_night(r, night, NULL, &rows_of[i], st);
        out->rows += rows_of[i];
        out->nights++;
    }
    out->later = has_later(days, r->nights[r->nights_count - 1].business_date);
    PQclear(days);
    return ok;
}

/* --- tables --- */

static bool make_tables(PGconn *c, const struct load_request *r, const struct load_event_plan *p, struct status *st)
{
    struct buf nights;
    char date[11];
    buf_init(&nights, 16 * LOAD_NIGHTS_MAX);
    buf_add_text(&nights, "{");
    for (int i = 0; i < r->nights_count; i++) {
        if (!p->wanted[i]) continue;
        date_format(r->nights[i].business_date, date);
        buf_addf(&nights, "%s%s", nights.length > 1 ? "," : "", date);
    }
    buf_add_text(&nights, "}");
    const char *const values[] = {r->unit, nights.bytes};
    bool ok = database_begin(c, st) && database_run_written(c, "load_event_tables", values, 2, NULL, st) &&
              database_commit(c, st);
    if (!ok) database_rollback(c);
    buf_release(&nights);
    return ok;
}

/* A reader who holds a month is not worth waiting for: the next load tries again. */
static bool drop_outdated(PGconn *c, const struct load_request *r, struct status *st)
{
    char since[11];
    date_format(r->events_since, since);
    const char *const values[] = {r->unit, since};
    struct status held = {0};
    if (!database_script(c, "load_event_outdated", "SET lock_timeout = '500ms'", st)) return false;
    bool ok = database_run_written(c, "load_event_outdated", values, 2, NULL, &held) || PQstatus(c) == CONNECTION_OK;
    if (!ok) *st = held;
    return ok && database_script(c, "load_event_outdated", "RESET lock_timeout", st);
}

bool load_event_prepare(PGconn *c, const struct load_request *r, const struct load_event_plan *p, struct status *st)
{
    if (r->nights_count == 0) return true;
    return (make_tables(c, r, p, st) && drop_outdated(c, r, st)) ||
           status_while(st, "preparing the events of unit %s", r->unit);
}

/* --- rows --- */

static bool forget(PGconn *c, const struct load_request *r, int32_t after, const char *through, struct status *st)
{
    char text[11];
    date_format(after, text);
    const char *const values[] = {r->unit, text, through};
    return database_run(c, "load_event_forget", values, 3, st);
}

static bool copy_night(PGconn *c, const struct load_request *r, const struct load_night *night, uint64_t rows,
                       struct status *st)
{
    struct load_stream s;
    char name[80];
    uint64_t sent;
    snprintf(name, sizeof name, "the events of generation %s", night->generation);
    if (rows == 0) return true;
    if (!load_stream_begin(&s, c, name, COPY_STATEMENT, EVENT_ROW_MAX, st)) return false;
    bool ok = read_night(r, night, &s, &sent, st);
    return load_stream_end(&s, ok ? NULL : "the loader found an error", rows, st) && ok;
}

/* The history of runs names the file of the request's own night; other runs wrote theirs. */
static bool record_file(PGconn *c, const struct load_request *r, const struct load_night *night, const char *rows,
                        struct status *st)
{
    char run[LOAD_UNIT_MAX + 48], bytes[24];
    struct os_file_identity id;
    if (!night->path || strcmp(night->generation, r->generation) != 0) return true;
    if (!os_identify(night->path, &id, st)) return false;
    snprintf(run, sizeof run, "%s/%s", r->unit, r->generation);
    snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)id.size);
    const char *const values[] = {run, "changes.tsv", bytes, rows, "crm_event"};
    return database_run(c, "load_record_file", values, 5, st);
}

static bool apply_night(PGconn *c, const struct load_request *r, const struct load_night *night, uint64_t rows,
                        struct status *st)
{
    char date[11], count[24];
    date_format(night->business_date, date);
    snprintf(count, sizeof count, "%llu", (unsigned long long)rows);
    const char *const day[] = {r->unit, date, night->generation, count};
    return forget(c, r, night->after, date, st) && copy_night(c, r, night, rows, st) &&
           database_run(c, "load_event_day", day, 4, st) && record_file(c, r, night, count, st);
}

bool load_event_apply(PGconn *c, const struct load_request *r, const struct load_event_plan *p, struct status *st)
{
    bool ok = true;
    for (int i = 0; ok && i < r->nights_count; i++)
        if (p->wanted[i]) ok = apply_night(c, r, &r->nights[i], p->rows_of[i], st);
    if (ok && p->later) ok = forget(c, r, r->nights[r->nights_count - 1].business_date, NULL, st);
    return ok || status_while(st, "bringing the events of unit %s", r->unit);
}

bool load_event_catch_up(PGconn *c, const struct load_request *r, const struct load_event_plan *p, struct status *st)
{
    if (p->nights == 0 && !p->later) return true;
    bool ok = load_event_prepare(c, r, p, st) && database_begin(c, st) && load_event_apply(c, r, p, st) &&
              database_commit(c, st);
    if (!ok) database_rollback(c);
    return ok;
}
