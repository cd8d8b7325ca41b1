/* What is known of the deliveries to a target, and what a person decides about them. */
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
    buf_addf(out, "%-14s %-10s %-21s %3d/%-3d %14" PRIu64 "  %-20s %s\n", ledger_key_format(s->key).text,
             ledger_state_name(s->state), s->changed, t.delivered, t.files, t.bytes,
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
    buf_addf(out, ",\"manifest\":\"%s\",", s->manifest);
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
        buf_addf(out, "%-14s %-10s %-21s %-7s %14s  %-20s %s\n", "SET", "STATE", "CHANGED", "FILES", "BYTES",
                 "GENERATION", "DETAIL");
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
        if (ledger_done(s->state)) marks->delivered = s->key;
        if (s->state == LEDGER_ACKED) marks->acked = s->key;
        if (!ledger_done(s->state)) marks->pending = s->key;
    }
    ledger_close(l);
    return true;
}

/* --- decisions --- */

struct decision {
    const struct deliver_resolution *r;
    struct ledger *ledger;
    char detail[LEDGER_DETAIL_MAX];
};

static const struct ledger_set *set_of(const struct decision *d)
{
    return ledger_find(d->ledger, d->r->key);
}

static bool change(struct decision *d, const char *file, enum ledger_state to, struct status *st)
{
    return ledger_change(d->ledger, d->r->key, file, to, d->detail, st);
}

static bool refuse(const struct decision *d, struct status *st, const char *why)
{
    status_fail(st, STATUS_USAGE, "set %s of unit %s, target \"%s\": %s", ledger_key_format(d->r->key).text, d->r->unit,
                d->r->target, why);
    return status_hint(st, "see it: " DELIVER_COMMAND_LIST, d->r->unit, d->r->target);
}

static bool is_latest(const struct decision *d)
{
    int count = ledger_sets_count(d->ledger);
    return count == 0 || ledger_key_compare(ledger_set_at(d->ledger, count - 1)->key, d->r->key) <= 0;
}

/* The file in question is at the receiver: the rest of the set still goes. Nothing in question: the set is there. */
static bool confirm_unknown(struct decision *d, struct status *st)
{
    int left = 0;
    for (int i = 0; i < set_of(d)->files_count; i++) {
        const struct ledger_file *f = &set_of(d)->files[i];
        if (f->preparation != set_of(d)->preparation) continue;
        if (f->state == LEDGER_UNKNOWN && !change(d, f->name, LEDGER_DELIVERED, st)) return false;
        left += set_of(d)->files[i].state != LEDGER_DELIVERED;
    }
    return change(d, NULL, left ? LEDGER_COMMITTING : LEDGER_DELIVERED, st);
}

static bool confirm(struct decision *d, struct status *st)
{
    const struct ledger_set *s = set_of(d);
    if (s && s->state == LEDGER_UNKNOWN) return confirm_unknown(d, st);
    if (s && ledger_done(s->state)) return refuse(d, st, "is delivered already");
    if (!s && !is_latest(d)) return refuse(d, st, "is earlier than sets that were delivered, and is not in the ledger");
    int count = ledger_sets_count(d->ledger);
    if (!s && count && !ledger_done(ledger_set_at(d->ledger, count - 1)->state))
        return refuse(d, st, "an earlier set is still pending");
    return change(d, NULL, LEDGER_DELIVERED, st);
}

static bool resend(struct decision *d, struct status *st)
{
    const struct ledger_set *s = set_of(d);
    if (!s) return refuse(d, st, "was never sent");
    if (!is_latest(d)) return refuse(d, st, "later sets were sent since; send a full set instead");
    if (s->state != LEDGER_UNKNOWN && !ledger_done(s->state))
        return refuse(d, st, "is still being sent: deliver goes on with it");
    for (int i = 0; i < set_of(d)->files_count; i++) {
        const struct ledger_file *f = &set_of(d)->files[i];
        if (f->preparation == set_of(d)->preparation && !change(d, f->name, LEDGER_PREPARED, st)) return false;
    }
    return change(d, NULL, LEDGER_PREPARED, st);
}

bool deliver_resolve(const char *ledger_path, const struct deliver_resolution *r, struct status *st)
{
    struct decision d = {.r = r};
    if (!r->by || !r->by[0] || !r->reason || !r->reason[0]) {
        status_fail(st, STATUS_USAGE, "a decision about a delivery needs who decides and why");
        return status_hint(st, "give the command again with --reason TEXT");
    }
    snprintf(d.detail, sizeof d.detail, "by=%s reason: %s", r->by, r->reason);
    d.ledger = ledger_open(ledger_path, r->unit, r->target, st);
    bool ok = d.ledger && (r->decision == DELIVER_CONFIRM ? confirm : resend)(&d, st);
    ledger_close(d.ledger);
    return ok;
}
