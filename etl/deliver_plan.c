#include "etl/deliver_plan.h"

#include "base/os.h"

#include <stdio.h>

static void copy(char to[64], const char *text)
{
    snprintf(to, 64, "%s", text);
}

/* The set the receiver's state is known by, and the latest delta it may have loaded since. Sets from `before` on do not
 * count. */
struct known {
    const struct ledger_set *base, *since; /* NULL: none */
};

static struct known find_known(const struct ledger *l, struct ledger_key before)
{
    struct ledger_resync resync = ledger_resync(l);
    struct known k = {NULL, NULL};
    if (resync.there && resync.from.seq) k.base = ledger_find(l, resync.from);
    for (int i = 0; i < ledger_sets_count(l); i++) {
        const struct ledger_set *s = ledger_set_at(l, i);
        if (ledger_key_compare(s->key, before) >= 0) break;
        if (!ledger_done(s->state) || (resync.there && ledger_key_compare(s->key, resync.after) <= 0)) continue;
        if (s->state == LEDGER_ACKED) k.base = s;
        k.since = s->state == LEDGER_ACKED ? NULL : s;
    }
    return k;
}

/* The generation that counts for a date: the current one, or the one of its line that date had. */
static bool find_of_date(const struct deliver_follow *f, int32_t date, char out[64], struct status *st)
{
    char previous[64];
    copy(out, f->now->id);
    int32_t found = f->now->business_date;
    snprintf(previous, sizeof previous, "%.*s", VIEW_PRINT(generation_head(f->now, "previous")));
    while (found > date && previous[0]) {
        char folder[OS_PATH_MAX];
        struct generation *g;
        snprintf(folder, sizeof folder, "%s/gen/%s", f->unit_folder, previous);
        if (!os_exists(folder)) return true; /* pruned: a later date says what there is to say */
        if (!generation_open(f->unit_folder, previous, &g, st)) return false;
        copy(out, g->id);
        found = g->business_date;
        snprintf(previous, sizeof previous, "%.*s", VIEW_PRINT(generation_head(g, "previous")));
        generation_close(g);
    }
    return true;
}

static const struct ledger_set *find_unfinished(const struct ledger *l)
{
    for (int i = 0; i < ledger_sets_count(l); i++)
        if (!ledger_done(ledger_set_at(l, i)->state)) return ledger_set_at(l, i);
    return NULL;
}

static bool is_fixed(const struct ledger_set *s)
{
    return s->was_committing || s->state == LEDGER_COMMITTING || s->state == LEDGER_UNKNOWN;
}

/* Has the target what the current generation says? A set brought by hand counts for its date. */
static bool is_up_to_date(const struct ledger *l, const struct ledger_set *last, const struct generation *now)
{
    struct ledger_resync resync = ledger_resync(l);
    if (!last || (resync.there && ledger_key_compare(last->key, resync.after) <= 0)) return false;
    return last->generation[0] ? strcmp(last->generation, now->id) == 0 : last->key.date == now->business_date;
}

static struct ledger_key next_key(const struct ledger_set *last, int32_t date)
{
    if (!last || last->key.date < date) return (struct ledger_key){date, 1};
    return (struct ledger_key){last->key.date, last->key.seq + 1};
}

static void plan_base(const struct ledger *l, bool delta, struct deliver_plan *p)
{
    struct known k = find_known(l, p->key);
    if (!delta) return;
    if (!k.base)
        p->full_because = ledger_resync(l).there ? "a resync was asked for, and no set was acknowledged since"
                                                 : "no set was acknowledged yet";
    else if (!k.base->generation[0])
        p->full_because = "the acknowledged set was brought by hand: its content is not known here";
    else if (k.since && k.since->basis.seq == 0)
        p->full_because = "a full set was sent since and is not acknowledged";
    if (p->full_because) return;
    p->base = k.base->key;
    copy(p->base_generation, k.base->generation);
    if (k.since) p->carried = k.since->key;
}

static void plan_fixed(const struct ledger *l, const struct ledger_set *s, struct deliver_plan *p)
{
    const struct ledger_set *base = s->basis.seq ? ledger_find(l, s->basis) : NULL;
    struct known k = find_known(l, p->key);
    copy(p->generation, s->generation);
    p->fixed = true;
    if (base) p->base = base->key;
    copy(p->base_generation, base ? base->generation : "");
    if (base && k.since && k.since->basis.seq) p->carried = k.since->key;
}

static bool plan(const struct ledger *l, const struct deliver_follow *f, struct deliver_plan *p, struct status *st)
{
    const struct ledger_set *last = ledger_set_at(l, ledger_sets_count(l) - 1), *unfinished = find_unfinished(l);
    p->nothing = !unfinished && is_up_to_date(l, last, f->now);
    p->key = unfinished ? unfinished->key : next_key(last, f->now->business_date);
    if (p->nothing) {
        p->key = last->key;
        return true;
    }
    copy(p->generation, f->now->id);
    if (unfinished && is_fixed(unfinished)) {
        plan_fixed(l, unfinished, p);
    } else {
        if (unfinished && !find_of_date(f, unfinished->key.date, p->generation, st)) return false;
        plan_base(l, f->target->delta, p);
    }
    p->prepared = unfinished && unfinished->preparation > 0 && strcmp(unfinished->generation, p->generation) == 0 &&
                  ledger_key_compare(unfinished->basis, p->base) == 0;
    p->keep_from = p->carried.seq ? p->carried : p->key;
    if (last && ledger_key_compare(last->key, p->keep_from) < 0) p->keep_from = last->key;
    return true;
}

bool deliver_plan(const struct deliver_follow *f, struct deliver_plan *out, struct status *st)
{
    *out = (struct deliver_plan){0};
    struct ledger *l = ledger_read(f->options->ledger_path, st);
    bool ok = l && plan(l, f, out, st);
    ledger_close(l);
    return ok;
}

bool deliver_outlook_read(const char *ledger_path, bool delta, struct deliver_outlook *out, struct status *st)
{
    struct deliver_plan p = {.key = {INT32_MAX, UINT32_MAX}};
    *out = (struct deliver_outlook){0};
    struct ledger *l = ledger_read(ledger_path, st);
    if (!l) return false;
    plan_base(l, delta, &p);
    out->base = p.base;
    out->carries = p.carried.seq;
    copy(out->base_generation, p.base_generation);
    out->full_because = p.full_because;
    const struct ledger_set *s = find_unfinished(l), *base = s && s->basis.seq ? ledger_find(l, s->basis) : NULL;
    if (s) copy(out->pending_generation, s->generation);
    if (s && is_fixed(s)) out->under_way = s->key;
    if (base) copy(out->pending_base, base->generation);
    ledger_close(l);
    return true;
}
