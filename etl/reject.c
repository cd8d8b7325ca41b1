#include "etl/reject.h"

#include <string.h>

enum { FLUSH_AT = 1 << 20 };

struct writer {
    char path[OS_PATH_MAX];
    int fd;
    uint64_t end;
    struct buf text;
    struct status *st;
};

static bool writer_open(struct writer *w, const char *folder, const char *name, struct status *st)
{
    snprintf(w->path, sizeof w->path, "%s/%s", folder, name);
    buf_init(&w->text, (size_t)64 << 20);
    w->st = st;
    w->end = 0;
    w->fd = os_open_create(w->path, st);
    return w->fd >= 0;
}

static bool writer_flush(struct writer *w, size_t at_least)
{
    if (w->text.length < at_least || w->text.length == 0) return true;
    bool ok = os_write_at(w->fd, w->path, w->text.bytes, w->text.length, w->end, w->st);
    w->end += w->text.length;
    buf_clear(&w->text);
    return ok;
}

static bool writer_close(struct writer *w, bool ok)
{
    ok = ok && writer_flush(w, 0);
    os_close(w->fd);
    buf_release(&w->text);
    return ok;
}

static void add_raw(struct buf *b, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] < 0x20 || p[i] == 0x7f || p[i] == '\\')
            buf_addf(b, "\\x%02x", p[i]);
        else
            buf_add(b, p + i, 1);
    }
}

static bool write_one(struct writer *w, const struct input_file *f, const struct input_reject *r)
{
    unsigned char room[INPUT_ROOM];
    size_t n = r->length < REJECT_RAW_MAX ? r->length : REJECT_RAW_MAX;
    const unsigned char *raw = input_bytes(f, r->offset, (uint32_t)n, room, w->st);
    if (!raw) return false;
    buf_addf(&w->text, "%s\t%u\t%llu\t%u\t%s\t%s\t", f->name, r->line, (unsigned long long)r->offset, r->length,
             f->layout->reasons[r->reason], r->field < 0 ? "" : f->layout->fields[r->field].name);
    add_raw(&w->text, raw, n);
    buf_add_text(&w->text, "\n");
    return writer_flush(w, FLUSH_AT);
}

bool reject_write(const struct input_set *inputs, const char *folder, struct status *st)
{
    struct writer w;
    if (!writer_open(&w, folder, "rejects.tsv", st)) return false;
    buf_add_text(&w.text, "file\tline\toffset\tlength\treason\tfield\traw\n");
    bool ok = true;
    for (int i = 0; ok && i < inputs->files_count; i++) {
        const struct input_file *f = &inputs->files[i];
        for (uint32_t k = 0; ok && k < f->chunks_count; k++)
            for (uint32_t r = 0; ok && r < f->chunks[k].rejects_count; r++)
                ok = write_one(&w, f, &f->chunks[k].rejects[r]);
    }
    return writer_close(&w, ok);
}

static void add_place(const struct integrate *in, struct buf *b, uint32_t record)
{
    if (record == UINT32_MAX) {
        buf_add_text(b, "\t\t\t");
        return;
    }
    const struct input_file *f = input_file_of(in->im->inputs, -1, record);
    buf_addf(b, "\t%s\t%s\t%llu", in->im->unit->systems[in->im->unit->layout_system[f->layout_index]].name, f->name,
             (unsigned long long)input_offset(f, record));
}

bool reject_write_notes(const struct integrate *in, const char *folder, struct status *st)
{
    static const char *const KINDS[] = {[NOTE_NAME_APART] = "same-id-different-name",
                                        [NOTE_HELD] = "too-many-records-on-one-id",
                                        [NOTE_WEAK_APART] = "wrong-check-digit-kept-apart",
                                        [NOTE_PLACEHOLDER] = "placeholder-number",
                                        [NOTE_SOURCE_TWICE] = "source-number-twice"};
    struct writer w;
    if (!writer_open(&w, folder, "notes.tsv", st)) return false;
    buf_add_text(&w.text, "kind\tsystem\tfile\toffset\tother_system\tother_file\tother_offset\n");
    bool ok = true;
    for (uint32_t i = 0; ok && i < in->notes_count; i++) {
        const struct integrate_note *n = &in->notes[i];
        buf_add_text(&w.text, KINDS[n->kind]);
        add_place(in, &w.text, n->record);
        add_place(in, &w.text, n->other);
        buf_add_text(&w.text, "\n");
        ok = writer_flush(&w, FLUSH_AT);
    }
    return writer_close(&w, ok);
}
