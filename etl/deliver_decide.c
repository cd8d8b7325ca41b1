/* What a person decides about a delivery: each a line in the ledger, with who and why. */
#include "etl/deliver_inside.h"

#include <stdio.h>

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

static bool acknowledge(struct decision *d, struct status *st)
{
    const struct ledger_set *s = set_of(d);
    if (!s) return refuse(d, st, "was never sent");
    if (s->state == LEDGER_ACKED) return refuse(d, st, "is acknowledged already");
    if (s->state != LEDGER_DELIVERED && s->state != LEDGER_UNKNOWN)
        return refuse(d, st, "is not delivered yet: there is nothing to acknowledge");
    return change(d, NULL, LEDGER_ACKED, st);
}

/* --- resync --- */

/* The latest set of which the receiver may have seen anything. NULL: none. */
static const struct ledger_set *latest_begun(const struct ledger *l)
{
    for (int i = ledger_sets_count(l); i-- > 0;) {
        const struct ledger_set *s = ledger_set_at(l, i);
        if (ledger_done(s->state) || s->was_committing || s->state == LEDGER_UNKNOWN) return s;
    }
    return NULL;
}

static bool check_from(const struct decision *d, struct status *st)
{
    const struct ledger_set *s = set_of(d);
    if (d->r->key.seq == 0) return true;
    if (!s) return refuse(d, st, "was never sent");
    if (s->state != LEDGER_ACKED) return refuse(d, st, "was never acknowledged: nobody knows that the receiver had it");
    if (!s->generation[0]) return refuse(d, st, "was brought by hand: its content is not known here");
    return true;
}

/* A set the receiver refused is given up: what comes next takes its place. */
static bool resync(struct decision *d, struct status *st)
{
    const struct ledger_set *s = latest_begun(d->ledger);
    if (!check_from(d, st)) return false;
    if (!s) {
        status_fail(st, STATUS_USAGE,
                    "nothing was delivered to target \"%s\" of unit %s yet: the first set is full anyway", d->r->target,
                    d->r->unit);
        return status_hint(st, "deliver it: " DELIVER_COMMAND_RUN, d->r->unit, d->r->target);
    }
    struct ledger_key after = s->key;
    if (s->state == LEDGER_UNKNOWN && !ledger_change(d->ledger, after, NULL, LEDGER_DELIVERED, d->detail, st))
        return false;
    return ledger_note_resync(d->ledger, after, d->r->key, d->detail, st);
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
    bool (*const DECIDE[])(struct decision *, struct status *) = {[DELIVER_CONFIRM] = confirm,
                                                                  [DELIVER_RESEND] = resend,
                                                                  [DELIVER_ACKNOWLEDGE] = acknowledge,
                                                                  [DELIVER_RESYNC] = resync};
    bool ok = d.ledger && DECIDE[r->decision](&d, st);
    ledger_close(d.ledger);
    return ok;
}
