/* What is known of the deliveries to a target. */
#include "etl/deliver_inside.h"

#include <inttypes.h>
#include <stdio.h>

/* --- listing --- */

struct totals {
    int files, delivered;
    uint64_t bytes;
};

static struct totals total(const struct ledger_set *s)
{
    struct totals t = {0};
    for (int i = 0; i < s->files_count; i++) {
        if (s->files[i].preparation != s->preparation) continue;
        t.files++;
        t.delivered += s->files[i].state == LEDGER_DELIVERED;
        t.bytes += s->files[i].bytes;
    }
    return t;
}

static void add_text(struct buf *out, const struct ledger_set *s)
{
    struct totals t = total(s);
    const char *content = s->preparation == 0 ? "-" : s->basis.seq ? ledger_key_format(s->basis).text : "full";
    buf_addf(out, "%-14s %-10s %-14s %-21s %3d/%-3d %14" PRIu64 "  %-20s %s\n", ledger_key_format(s->key).text,
             ledger_state_name(s->state), content, s->changed, t.delivered, t.files, t.bytes,
             s->generation[0] ? s->generation : "-", s->detail);
    for (int i = 0; i < s->files_count && !ledger_done(s->state); i++)
        if (s->files[i].preparation == s->preparation && s->files[i].state != LEDGER_DELIVERED)
            buf_addf(out, "  %-12s %-10s %s\n", "", ledger_state_name(s->files[i].state), s->files[i].name);
}

static void add_json_text(struct buf *out, const char *key, const char *value)
{
    buf_addf(out, "\"%s\":", key);
    buf_add_json(out, view_of(value));
}

static void add_json(struct buf *out, const struct ledger_set *s)
{
    bool first = true;
    add_json_text(out, "set", ledger_key_format(s->key).text);
    buf_addf(out, ",\"state\":\"%s\",\"changed\":\"%s\",", ledger_state_name(s->state), s->changed);
    add_json_text(out, "generation", s->generation);
    buf_addf(out, ",\"manifest\":\"%s\",\"basis\":\"%s\",", s->manifest,
             s->preparation == 0 ? ""
             : s->basis.seq      ? ledger_key_format(s->basis).text
                                 : "full");
    add_json_text(out, "detail", s->detail);
    buf_add_text(out, ",\"files\":[");
    for (int i = 0; i < s->files_count; i++) {
        const struct ledger_file *f = &s->files[i];
        if (f->preparation != s->preparation) continue;
        buf_add_text(out, first ? "{" : ",{");
        add_json_text(out, "name", f->name);
        buf_addf(out, ",\"state\":\"%s\",\"bytes\":%" PRIu64 ",\"sha256\":\"%s\"}", ledger_state_name(f->state),
                 f->bytes, f->sha256);
        first = false;
    }
    buf_add_text(out, "]");
}

bool deliver_status(const char *ledger_path, int sets_max, enum deliver_form form, struct buf *out, struct status *st)
{
    struct ledger *l = ledger_read(ledger_path, st);
    if (!l) return false;
    int count = ledger_sets_count(l), last = sets_max > 0 && sets_max < count ? count - sets_max : 0;
    if (form == DELIVER_JSON) {
        buf_add_text(out, "{");
        add_json_text(out, "unit", ledger_unit(l));
        buf_add_text(out, ",");
        add_json_text(out, "target", ledger_target(l));
        buf_add_text(out, ",\"sets\":[");
    } else
        buf_addf(out, "%-14s %-10s %-14s %-21s %-7s %14s  %-20s %s\n", "SET", "STATE", "DELTA UPON", "CHANGED", "FILES",
                 "BYTES", "GENERATION", "DETAIL");
    for (int i = count - 1; i >= last; i--) {
        if (form == DELIVER_JSON) buf_add_text(out, i < count - 1 ? ",{" : "{");
        (form == DELIVER_JSON ? add_json : add_text)(out, ledger_set_at(l, i));
        if (form == DELIVER_JSON) buf_add_text(out, "}");
    }
    if (form == DELIVER_JSON) buf_add_text(out, "]}\n");
    ledger_close(l);
    return !buf_full(out) ||
           status_fail(st, STATUS_USAGE, "the list of deliveries is longer than %zu bytes: ask for fewer sets",
                       out->length_max);
}

bool deliver_marks_read(const char *ledger_path, struct deliver_marks *marks, struct status *st)
{
    *marks = (struct deliver_marks){0};
    struct ledger *l = ledger_read(ledger_path, st);
    if (!l) return false;
    for (int i = 0; i < ledger_sets_count(l); i++) {
        const struct ledger_set *s = ledger_set_at(l, i);
        if (ledger_done(s->state)) {
            marks->delivered = s->key;
            snprintf(marks->generation, sizeof marks->generation, "%s", s->generation);
        }
        if (s->state == LEDGER_ACKED) marks->acked = s->key;
        if (!ledger_done(s->state)) marks->pending = s->key;
    }
    struct ledger_resync resync = ledger_resync(l);
    marks->resync = resync.there && ledger_key_compare(marks->delivered, resync.after) <= 0;
    ledger_close(l);
    return true;
}
