#include "etl/load_fill.h"

#include "base/os.h"
#include "etl/copy_binary.h"
#include "etl/database_query.h"
#include "etl/load_encode.h"

#include <string.h>

/* Measured with tests/bench/load_bench.sh: from 32 KB on the size makes no difference; 256 KB is what a unix socket
 * holds. */
enum { READ_SIZE = 1 << 20, SEND_SIZE = 256 * 1024 };

struct stream {
    PGconn *connection;
    const struct load_file *file;
    char *bytes; /* SEND_SIZE, then room for one row */
    size_t length;
};

static bool fail_stream(struct stream *s, struct status *st)
{
    char what[200];
    snprintf(what, sizeof what, "send output %s to the database", s->file->output_name);
    return database_fail(s->connection, NULL, what, st);
}

static bool send_bytes(struct stream *s, struct status *st)
{
    database_fault_point(s->connection, "PQputCopyData", s->file->output_name);
    if (s->length && PQputCopyData(s->connection, s->bytes, (int)s->length) != 1) return fail_stream(s, st);
    s->length = 0;
    return true;
}

static bool begin_copy(struct stream *s, const char *statement, struct status *st)
{
    database_fault_point(s->connection, "PQexec", "copy");
    PGresult *r = PQexec(s->connection, statement);
    if (PQresultStatus(r) != PGRES_COPY_IN) return database_fail(s->connection, r, "begin COPY", st);
    PQclear(r);
    memcpy(s->bytes, COPY_SIGNATURE, COPY_SIGNATURE_LENGTH);
    s->length = COPY_SIGNATURE_LENGTH;
    return true;
}

/* Takes the connection out of COPY mode, whatever happened; reason: why the rows are not wanted, NULL when they are. */
static bool end_copy(struct stream *s, const char *reason, uint64_t rows, struct status *st)
{
    if (!reason) {
        s->length = (size_t)(copy_put_end(s->bytes + s->length) - s->bytes);
        if (!send_bytes(s, st)) reason = "could not send";
    }
    database_fault_point(s->connection, "PQputCopyEnd", s->file->output_name);
    bool ok = PQputCopyEnd(s->connection, reason) == 1 || fail_stream(s, st);
    uint64_t stored = 0;
    for (PGresult *r; (r = PQgetResult(s->connection)) != NULL;) {
        if (PQresultStatus(r) == PGRES_COMMAND_OK) {
            stored = strtoull(PQcmdTuples(r), NULL, 10);
        } else if (!reason) {
            ok = database_fail(s->connection, r, "COPY the rows", st);
            continue; /* cleared there */
        }
        PQclear(r);
    }
    if (reason || !ok) return false;
    if (stored == rows) return true;
    return status_fail(st, STATUS_DATABASE, "output %s: %llu rows were sent, the database stored %llu",
                       s->file->output_name, (unsigned long long)rows, (unsigned long long)stored);
}

static bool fail_record(const struct load_file *f, uint64_t record, const struct load_wrong *wrong, struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "could not load \"%s\": record %llu, %s%s, byte offset %llu: %s", f->path,
                (unsigned long long)record + 1, wrong->field ? "field " : "", wrong->field ? wrong->field : "line end",
                (unsigned long long)(record * f->record_length + wrong->offset), wrong->why);
    return status_hint(
        st,
        "see the record: crmx generation show %s --record %llu; correct the output layout or the encoding it is "
        "made from",
        f->output_name, (unsigned long long)record + 1);
}

/* Records first … first + count - 1, which lie at bytes. */
static bool send_records(struct stream *s, struct load_encoder *e, const char *bytes, uint64_t first, uint64_t count,
                         struct status *st)
{
    for (uint64_t i = 0; i < count; i++) {
        struct load_wrong wrong;
        char *end = load_encode(e, bytes + i * s->file->record_length, s->bytes + s->length, &wrong);
        if (!end) return fail_record(s->file, first + i, &wrong, st);
        s->length = (size_t)(end - s->bytes);
        if (s->length >= SEND_SIZE && !send_bytes(s, st)) return false;
    }
    return true;
}

static bool send_file(struct stream *s, struct load_encoder *e, struct status *st)
{
    const struct load_file *f = s->file;
    uint64_t batch = READ_SIZE / f->record_length;
    bool ok = false;
    struct os_file_identity before, after;
    int fd = os_open_read(f->path, st);
    char *bytes = fd >= 0 ? malloc(batch * f->record_length) : NULL;
    if (fd < 0) goto out;
    ensure(bytes);
    if (!os_identify_fd(fd, f->path, &before, st)) goto out;
    for (uint64_t i = 0, n; i < f->records; i += n) {
        n = f->records - i < batch ? f->records - i : batch;
        if (!os_read_at(fd, f->path, bytes, n * f->record_length, i * f->record_length, st) ||
            !send_records(s, e, bytes, i, n, st))
            goto out;
    }
    if (!os_identify_fd(fd, f->path, &after, st)) goto out;
    ok = os_same_file(&before, &after) ||
         status_fail(st, STATUS_CORRUPT, "\"%s\" was changed while it was loaded", f->path);
out:
    free(bytes);
    os_close(fd);
    return ok;
}

static bool copy_file(PGconn *c, const struct load_request *r, const struct load_file_plan *p, uint64_t *replaced,
                      struct status *st)
{
    struct load_encoder encoder;
    struct stream s = {.connection = c, .file = p->file, .bytes = malloc(SEND_SIZE + p->row_max + COPY_END_LENGTH)};
    ensure(s.bytes);
    bool ok = load_encoder_init(&encoder, p, r, st);
    if (ok && (ok = begin_copy(&s, p->copy_statement, st))) {
        ok = send_file(&s, &encoder, st);
        ok = end_copy(&s, ok ? NULL : "the loader found an error", p->file->records, st) && ok;
    }
    *replaced += encoder.text.replaced;
    load_encoder_release(&encoder);
    free(s.bytes);
    return ok || status_while(st, "loading output %s into %s", p->file->output_name, p->file->table);
}

bool load_fill_table(PGconn *c, const struct load_request *r, const struct load_plan *plan,
                     const struct load_table_plan *t, uint64_t *replaced, struct status *st)
{
    const char *const leaf[] = {t->table, r->unit, plan->load_number}, *const index[] = {t->table, t->leaf};
    bool ok = database_begin(c, st) && database_run_written(c, "load_leaf", leaf, 3, NULL, st);
    for (int i = 0; ok && i < t->files_count; i++) ok = copy_file(c, r, &t->files[i], replaced, st);
    ok = ok && database_run_written(c, "load_leaf_index", index, 2, NULL, st) && database_commit(c, st);
    if (!ok) database_rollback(c);
    return ok;
}
