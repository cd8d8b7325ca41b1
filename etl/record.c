#include "etl/record.h"

#include <string.h>

void record_reader_init(struct record_reader *r, const struct generation *g)
{
    *r = (struct record_reader){.g = g};
}

void record_reader_release(struct record_reader *r)
{
    for (int i = 0; i < RECORD_WINDOWS; i++) free(r->windows[i].bytes);
    *r = (struct record_reader){0};
}

/* Far from the last record: only this one is read. Near it: a whole window. */
static bool fill(struct record_window *w, const struct input_file *f, uint64_t offset, struct status *st)
{
    uint64_t need = f->layout->record_length, size = need;
    bool near = w->file == f && offset >= w->end && offset - w->end < RECORD_WINDOW_SIZE;
    if (near) size = RECORD_WINDOW_SIZE;
    if (offset + size > f->identity.size) size = f->identity.size > offset ? f->identity.size - offset : 0;
    if (size < need) size = need; /* the read fails and says so */
    if (!w->bytes) w->bytes = calloc(1, RECORD_WINDOW_SIZE + 2 * DECODE_SLACK);
    ensure(w->bytes && size <= RECORD_WINDOW_SIZE);
    w->file = NULL;
    if (!os_read_at(f->fd, f->path, w->bytes + DECODE_SLACK, size, offset, st)) return false;
    *w = (struct record_window){f, offset, offset + size, w->bytes};
    return true;
}

bool record_at(struct record_reader *r, uint32_t record, struct record *out, struct status *st)
{
    const struct input_file *f = input_file_of(&r->g->inputs, -1, record);
    if (!f) {
        status_fail(st, STATUS_CORRUPT, "generation %s has no archived customer record %u", r->g->id, record);
        return status_hint(st, "see whether it is damaged: crmx generation verify --unit %s", r->g->unit->id);
    }
    uint64_t offset = input_offset(f, record);
    struct record_window *w = &r->windows[(size_t)(f - r->g->inputs.files) % RECORD_WINDOWS];
    bool there = w->file == f && offset >= w->start && offset + f->layout->record_length <= w->end;
    if (!there && !fill(w, f, offset, st))
        return status_while(st, "reading customer record %u of \"%s\"", record, f->name);
    *out = (struct record){f, w->bytes + DECODE_SLACK + (offset - w->start)};
    return true;
}
