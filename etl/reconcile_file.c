/* reconcile: what the sender says about a file (header, trailer, control file) against what was read. */
#include "etl/reconcile.h"

#include "base/date.h"
#include "base/os.h"

#include <stdio.h>
#include <string.h>

struct check {
    const struct input_file *f;
    const struct unit *unit;
    int32_t business_date;
    struct status *st;
};

static bool wrong(struct check *c, const char *record, const char *what, const char *said, const char *found)
{
    status_fail(c->st, STATUS_INPUT, "\"%s\": its %s says %s %s, found %s; nothing is committed", c->f->name, record,
                what, said, found);
    return status_hint(c->st, "have the file sent again to the inbox; then the same command");
}

static bool number_at(const unsigned char *record, uint32_t offset, uint32_t length, __int128 *value)
{
    bool negative = false;
    *value = 0;
    for (uint32_t i = 0; i < length; i++) {
        unsigned char ch = record[offset + i];
        if (i == 0 && (ch == '+' || ch == '-')) {
            negative = ch == '-';
            continue;
        }
        if (ch < '0' || ch > '9') return false;
        *value = *value * 10 + (ch - '0');
    }
    if (negative) *value = -*value;
    return true;
}

static bool same_text(struct check *c, const unsigned char *record, const char *kind, const char *what, uint32_t offset,
                      uint32_t length, const char *expected)
{
    char said[64];
    snprintf(said, sizeof said, "%.*s", (int)(length < 60 ? length : 60), record + offset);
    struct view v = view_trim((struct view){(const char *)record + offset, length});
    return view_is(v, expected) || wrong(c, kind, what, said, expected);
}

static bool check_mark(struct check *c, const struct layout_mark *m, const struct input_mark_record *seen,
                       const char *kind)
{
    const struct layout *l = c->f->layout;
    if (!m->present) return true;
    if (!seen->seen) {
        status_fail(c->st, STATUS_INPUT,
                    "\"%s\" has no %s record (a record with \"%s\" at offset %u); nothing is committed", c->f->name,
                    kind, m->match, m->match_offset);
        return status_hint(
            c->st, "the file is cut short or of another kind: have it sent again to the inbox; then the same command");
    }
    unsigned char record[LAYOUT_RECORD_MAX], room[INPUT_ROOM];
    uint64_t left = c->f->identity.size - seen->offset;
    size_t length = left < l->record_length ? (size_t)left : l->record_length;
    const unsigned char *p = input_bytes(c->f, seen->offset, (uint32_t)length, room, c->st);
    if (!p) return false;
    memset(record, ' ', sizeof record);
    memcpy(record, p, length);
    char date[11], compact[9], found[48], said[48];
    date_format(c->business_date, date);
    snprintf(compact, sizeof compact, "%.4s%.2s%.2s", date, date + 5, date + 8);
    if (m->date_length && !same_text(c, record, kind, "the date is", m->date_offset, m->date_length, compact))
        return false;
    if (m->unit_length && !same_text(c, record, kind, "the unit is", m->unit_offset, m->unit_length, c->unit->id))
        return false;
    if (m->records_length) {
        __int128 value = -1, read = (__int128)c->f->lines - c->f->marks;
        bool number = number_at(record, m->records_offset, m->records_length, &value);
        if (!number || value != read) {
            snprintf(said, sizeof said, "%.*s", (int)m->records_length, record + m->records_offset);
            snprintf(found, sizeof found, "%lld", (long long)read);
            return wrong(c, kind, "the number of data records is", said, found);
        }
    }
    if (m->sum_field >= 0) {
        __int128 value = 0, sum = 0;
        for (uint32_t k = 0; k < c->f->chunks_count; k++) sum += c->f->chunks[k].trailer_sum;
        bool number = number_at(record, m->sum_offset, m->sum_length, &value);
        if (!number || value != sum) {
            snprintf(said, sizeof said, "%.*s", (int)m->sum_length, record + m->sum_offset);
            return wrong(c, kind, "the control sum is", said,
                         reconcile_decimal(sum, l->fields[m->sum_field].scale, found));
        }
    }
    return true;
}

static bool check_control_file(struct check *c)
{
    char path[OS_PATH_MAX], said[32], found[32];
    snprintf(path, sizeof path, "%s.ctl", c->f->path);
    if (c->f->layout->complete != LAYOUT_COMPLETE_CTL) return true;
    if (!os_exists(path)) { /* it was taken before the file was (etl/arrive) */
        status_fail(c->st, STATUS_INPUT, "\"%s\" has lost its control file \"%s\"; nothing is committed", c->f->name,
                    path);
        return status_hint(c->st, "have the file and its control file sent again to the inbox; then the same command");
    }
    struct buf text;
    buf_init(&text, 65536);
    bool ok = os_read_file(path, &text, c->st);
    const char *at = ok && text.bytes ? strstr(text.bytes, "records=") : NULL;
    long long records = at ? strtoll(at + 8, NULL, 10) : -1;
    buf_release(&text);
    if (!ok) return false;
    if (records == (long long)(c->f->lines - c->f->marks)) return true;
    snprintf(said, sizeof said, "%lld", records);
    snprintf(found, sizeof found, "%llu", (unsigned long long)(c->f->lines - c->f->marks));
    return wrong(c, "control file", "the number of records is", said, found);
}

bool reconcile_files(const struct input_set *inputs, const struct unit *u, int32_t business_date, struct status *st)
{
    for (int i = 0; i < inputs->files_count; i++) {
        const struct input_file *f = &inputs->files[i];
        struct check c = {f, u, business_date, st};
        if (!check_mark(&c, &f->layout->header, &f->header, "header") ||
            !check_mark(&c, &f->layout->trailer, &f->trailer, "trailer") || !check_control_file(&c))
            return false;
    }
    return true;
}
