#include "etl/deliver_follow.h"

#include "base/date.h"
#include "base/log.h"
#include "base/os.h"
#include "etl/deliver_plan.h"

#include <inttypes.h>
#include <stdio.h>

static void log_content(const struct deliver_follow *f, const struct deliver_plan *p)
{
    const char *target = f->target->place.name;
    struct ledger_key_text key = ledger_key_format(p->key), base = ledger_key_format(p->base);
    if (p->base.seq)
        log_info("target %s: set %s is a delta upon %s, which was acknowledged%s", target, key.text, base.text,
                 p->carried.seq ? "; what was sent since comes again" : "");
    else if (p->full_because)
        log_info("target %s: set %s is full: %s", target, key.text, p->full_because);
}

static bool send(const struct deliver_follow *f, struct generation *g, struct deliver_plan *p,
                 struct deliver_follow_result *result, struct arena *arena, struct status *st)
{
    struct deliver_content *content = arena_new(arena, struct deliver_content);
    if (!deliver_content(f, g, p, arena, content, st)) return false;
    struct deliver_set set = {.unit = g->unit->id,
                              .key = p->key,
                              .generation = g->id,
                              .business_date = g->business_date,
                              .basis = p->base,
                              .files = content->files,
                              .files_count = content->files_count,
                              .after = content->after,
                              .after_count = content->after_count};
    struct deliver_result one;
    log_content(f, p);
    bool ok = deliver_run_again(f->target, &set, f->options, &one, st);
    result->files_sent += one.files_sent;
    result->sets += ok;
    return ok;
}

static bool send_planned(const struct deliver_follow *f, struct deliver_plan *p, struct deliver_follow_result *result,
                         struct status *st)
{
    struct generation *other = NULL;
    struct arena arena;
    arena_init(&arena, "delivery of a set");
    bool current = strcmp(p->generation, f->now->id) == 0;
    bool ok = current || generation_open(f->unit_folder, p->generation, &other, st);
    ok = ok && send(f, current ? f->now : other, p, result, &arena, st);
    generation_close(other);
    arena_release(&arena);
    return ok;
}

/* What it had, then what is new: an unfinished set, and the current generation. */
static bool send_due(const struct deliver_follow *f, struct deliver_follow_result *result, struct status *st)
{
    enum { ROUNDS_MAX = 8 }; /* an unfinished set, the current generation; more only where a person acts meanwhile */
    for (int round = 0; round < ROUNDS_MAX; round++) {
        struct deliver_plan p;
        if (!deliver_plan(f, &p, st)) return false;
        result->key = p.key;
        if (p.nothing) return true;
        if (!send_planned(f, &p, result, st)) return false;
    }
    return true;
}

static int lock_target(const struct deliver_follow *f, struct status *st)
{
    char folder[OS_PATH_MAX], path[OS_PATH_MAX + 64];
    snprintf(folder, sizeof folder, "%s/delivery", f->unit_folder);
    snprintf(path, sizeof path, "%s/%s.lock", folder, f->target->place.name);
    return os_make_folder(folder, st) ? os_lock(path, st) : -1;
}

bool deliver_follow(const struct deliver_follow *f, struct deliver_follow_result *result, struct status *st)
{
    struct status trouble = {0};
    *result = (struct deliver_follow_result){0};
    int lock = lock_target(f, st);
    if (lock < 0) return status_while(st, "delivering to target %s", f->target->place.name);
    if (!deliver_acks(f->target, f->now->unit->id, f->options, &trouble)) log_status(LOG_WARNING, &trouble);
    bool ok = send_due(f, result, st);
    os_close(lock);
    return ok || status_while(st, "delivering to target %s", f->target->place.name);
}
