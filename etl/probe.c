#include "etl/probe.h"

#include "base/charset.h"
#include "base/date.h"
#include "etl/reconcile.h"

#include <stdio.h>
#include <string.h>

struct probing {
    const struct probe_request *request;
    struct arena *arena;
    const struct layout *layout;
    struct probe_summary *out;
    __int128 sum;                             /* of the field that the trailer sums up */
    unsigned char mark[2][LAYOUT_RECORD_MAX]; /* header, trailer */
    bool seen[2];
};

/* --- encoding --- */

static bool has_high_bytes(struct view v)
{
    unsigned char bits = 0;
    for (size_t i = 0; i < v.length; i++) bits |= (unsigned char)v.bytes[i];
    return bits >= 0x80;
}

static bool well_formed(enum charset charset, struct view v)
{
    for (size_t i = 0, k; i < v.length; i += k) {
        k = charset_character(charset, v.bytes + i, v.length - i);
        if (k == 1 && (unsigned char)v.bytes[i] >= 0x80) return false;
    }
    return true;
}

static void check_encoding(struct probing *p, const struct probe_record *r)
{
    enum charset own = p->layout->encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8;
    enum charset other = own == CHARSET_UTF8 ? CHARSET_GB18030 : CHARSET_UTF8;
    struct probe_summary *s = p->out;
    int bad = -1;
    if (!has_high_bytes((struct view){(const char *)r->bytes, p->layout->record_length})) return;
    for (int i = 0; i < p->layout->fields_count; i++) {
        if (p->layout->fields[i].type != LAYOUT_TEXT || p->layout->fields[i].data_class == 3) continue;
        struct view text = decode_text(p->layout, i, r->bytes);
        if (well_formed(own, text)) continue;
        if (bad < 0) bad = i;
        s->other_encoding &= well_formed(other, text);
    }
    if (bad < 0) return;
    if (s->malformed_records++) return;
    s->malformed_field = bad;
    s->malformed_first_line = r->line;
    s->malformed_first_offset = r->offset;
}

/* --- records --- */

static void note_reject(struct probing *p, const struct probe_record *r, int reason, int field)
{
    struct probe_summary *s = p->out;
    s->rejected++;
    s->rejected_by[field < 0 ? LAYOUT_FIELDS_MAX : field]++;
    if (s->first_count == p->request->first_max) return;
    size_t kept = r->length < PROBE_KEPT_MAX ? (size_t)r->length : PROBE_KEPT_MAX;
    unsigned char *copy = arena_take(p->arena, kept + 1);
    memcpy(copy, r->bytes, kept);
    s->first[s->first_count++] = (struct probe_reject){r->offset, r->line, r->length, reason, field, copy};
}

static void take_data(struct probing *p, const struct probe_record *r)
{
    const struct decoder *d = p->request->reader->decoder;
    const struct layout_mark *trailer = &p->layout->trailer;
    struct probe_summary *s = p->out;
    int field, reason;
    int64_t value;
    if (r->length < s->shortest) s->shortest = r->length;
    if (r->length > s->longest) s->longest = r->length;
    if (r->length != p->layout->record_length) {
        note_reject(p, r, 0, -1);
        return;
    }
    if (decode_accept(d, r->bytes, NULL)) {
        s->accepted++;
    } else {
        reason = decode_check(d, r->bytes, r->length, &field);
        ensure(reason >= 0); /* otherwise the fast and the slow check disagree */
        note_reject(p, r, reason, field);
    }
    check_encoding(p, r);
    if (trailer->present && trailer->sum_field >= 0 &&
        decode_field(d, &p->layout->fields[trailer->sum_field], r->bytes, &value))
        p->sum += value;
}

static void take_mark(struct probing *p, const struct probe_record *r)
{
    int which = r->kind == PROBE_TRAILER;
    size_t n = r->length < p->layout->record_length ? (size_t)r->length : p->layout->record_length;
    memset(p->mark[which], ' ', sizeof p->mark[which]);
    memcpy(p->mark[which], r->bytes, n);
    p->seen[which] = true;
    if (which)
        p->out->trailers++;
    else
        p->out->headers++;
}

/* --- what header and trailer say --- */

static bool number_at(struct view v, __int128 *value)
{
    bool negative = v.length && v.bytes[0] == '-';
    *value = 0;
    for (size_t i = v.length && (v.bytes[0] == '+' || negative); i < v.length; i++) {
        if (v.bytes[i] < '0' || v.bytes[i] > '9') return false;
        *value = *value * 10 + (v.bytes[i] - '0');
    }
    if (negative) *value = -*value;
    return true;
}

static struct view part(const struct probing *p, int which, uint32_t offset, uint32_t length)
{
    return view_trim((struct view){(const char *)p->mark[which] + offset, length});
}

static void state_text(struct probe_stated *s, struct view said, const char *found)
{
    if (s->present && !s->agrees) return; /* the header disagrees: that is what is shown */
    s->present = true;
    s->agrees = view_is(said, found);
    snprintf(s->said, sizeof s->said, "%.*s", (int)(said.length < 60 ? said.length : 60), said.bytes);
    snprintf(s->found, sizeof s->found, "%s", found);
}

static void state_number(struct probe_stated *s, struct view said, __int128 found, int scale)
{
    __int128 value;
    char text[48];
    state_text(s, said, "");
    s->agrees = number_at(said, &value) && value == found;
    snprintf(s->found, sizeof s->found, "%s", reconcile_decimal(found, scale, text));
    if (number_at(said, &value)) snprintf(s->said, sizeof s->said, "%s", reconcile_decimal(value, scale, text));
}

static void compare_marks(struct probing *p)
{
    const struct layout_mark *marks[2] = {&p->layout->header, &p->layout->trailer};
    struct probe_summary *s = p->out;
    char date[11], compact[9];
    date_format(p->request->reader->business_date, date);
    snprintf(compact, sizeof compact, "%.4s%.2s%.2s", date, date + 5, date + 8);
    for (int i = 0; i < 2; i++) {
        const struct layout_mark *m = marks[i];
        if (!p->seen[i]) continue;
        if (m->date_length && p->request->reader->business_date != DATE_NONE)
            state_text(&s->date_stated, part(p, i, m->date_offset, m->date_length), compact);
        if (m->unit_length && p->request->unit)
            state_text(&s->unit_stated, part(p, i, m->unit_offset, m->unit_length), p->request->unit);
        if (m->records_length)
            state_number(&s->records_stated, part(p, i, m->records_offset, m->records_length),
                         (__int128)s->accepted + s->rejected, 0);
        if (m->sum_field >= 0)
            state_number(&s->sum_stated, part(p, i, m->sum_offset, m->sum_length), p->sum,
                         p->layout->fields[m->sum_field].scale);
    }
}

bool probe_file(const struct probe_request *r, struct arena *arena, struct probe_summary *out, struct status *st)
{
    struct probing *p = arena_new(arena, struct probing);
    struct probe_record record;
    bool end = false;
    ensure(r->first_max >= 0 && r->first_max <= PROBE_FIRST_MAX);
    *out = (struct probe_summary){.shortest = UINT64_MAX, .malformed_field = -1, .other_encoding = true};
    out->first = arena_array(arena, struct probe_reject, r->first_max + 1);
    p->request = r;
    p->arena = arena;
    p->layout = r->reader->layout;
    p->out = out;
    struct probe_scan *scan = probe_scan_open(r->path, p->layout, st);
    bool ok = scan != NULL;
    while (ok && (ok = probe_scan_next(scan, &record, &end, st)) && !end) {
        out->records++;
        out->line_ends[record.line_end]++;
        out->bytes = record.next;
        if (record.kind == PROBE_DATA)
            take_data(p, &record);
        else
            take_mark(p, &record);
    }
    probe_scan_close(scan);
    if (!ok) return false;
    if (out->accepted + out->rejected == 0) out->shortest = 0;
    if (!out->malformed_records) out->other_encoding = false;
    compare_marks(p);
    return true;
}
