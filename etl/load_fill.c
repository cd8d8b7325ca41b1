#include "etl/load_fill.h"

#include "base/os.h"
#include "etl/database_query.h"
#include "etl/load_encode.h"
#include "etl/load_stream.h"

#include <string.h>

enum { READ_SIZE = 1 << 20 };

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
static bool send_records(struct load_stream *s, struct load_encoder *e, const char *bytes, uint64_t first,
                         uint64_t count, struct status *st)
{
    const struct load_file *f = e->plan->file;
    for (uint64_t i = 0; i < count; i++) {
        struct load_wrong wrong;
        char *end = load_encode(e, bytes + i * f->record_length, s->bytes + s->length, &wrong);
        if (!end) return fail_record(f, first + i, &wrong, st);
        s->length = (size_t)(end - s->bytes);
        if (s->length >= LOAD_STREAM_SIZE && !load_stream_flush(s, st)) return false;
    }
    return true;
}

static bool send_file(struct load_stream *s, struct load_encoder *e, struct status *st)
{
    const struct load_file *f = e->plan->file;
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
    struct load_stream s;
    char name[120];
    snprintf(name, sizeof name, "output %s", p->file->output_name);
    bool ok = load_encoder_init(&encoder, p, r, st);
    if (ok && (ok = load_stream_begin(&s, c, name, p->copy_statement, p->row_max, st))) {
        ok = send_file(&s, &encoder, st);
        ok = load_stream_end(&s, ok ? NULL : "the loader found an error", p->file->records, st) && ok;
    }
    *replaced += encoder.text.replaced;
    load_encoder_release(&encoder);
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
