/* The files of a set: those of the generation, or deltas made of them, and the events of the night. */
#include "base/date.h"
#include "base/log.h"
#include "base/os.h"
#include "etl/change.h"
#include "etl/control_sum.h"
#include "etl/deliver_plan.h"
#include "etl/delta.h"
#include "etl/tsv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char SET_HEAD[] = "kind\tname\tbytes\trecords\tcontrol";

/* --- full --- */

static bool full_content(struct generation *g, struct arena *arena, struct deliver_content *out, struct status *st)
{
    for (int i = 0; i < g->unit->outputs_count; i++) {
        const struct output *o = g->unit->outputs[i];
        struct os_file_identity id;
        struct deliver_file *f = &out->files[out->files_count++];
        *f = (struct deliver_file){.name = o->file, .path = arena_printf(arena, "%s/out/%s", g->folder, o->file)};
        if (!os_identify(f->path, &id, st) || !control_sum(o, f->path, arena, &f->control, st)) return false;
        f->bytes = id.size;
        f->records = id.size / o->record_length;
    }
    return true;
}

/* --- delta: the folder of a set --- */

struct making {
    const struct deliver_follow *f;
    struct generation *g, *base;
    const struct deliver_plan *plan;
    struct arena *arena;
    const char *folder, *building;
};

static const char *target_folder(const struct deliver_follow *f, struct arena *arena)
{
    return arena_printf(arena, "%s/delivery/%s", f->unit_folder, f->target->place.name);
}

static const char *set_folder(const struct making *m, struct ledger_key key)
{
    return arena_printf(m->arena, "%s/%s", target_folder(m->f, m->arena), ledger_key_format(key).text);
}

static bool add_file(const struct making *m, const struct output *o, struct buf *table, struct status *st)
{
    struct delta_request q = {.output = o,
                              .base = arena_printf(m->arena, "%s/out/%s", m->base->folder, o->file),
                              .now = arena_printf(m->arena, "%s/out/%s", m->g->folder, o->file),
                              .to = arena_printf(m->arena, "%s/%s.delta", m->building, o->file)};
    if (m->plan->carried.seq)
        q.carried = arena_printf(m->arena, "%s/%s.delta", set_folder(m, m->plan->carried), o->file);
    struct delta_result r;
    struct os_file_identity id;
    const char *control;
    if (!delta_write(&q, &r, m->arena, st) || !os_identify(q.now, &id, st) ||
        !control_sum(o, q.now, m->arena, &control, st))
        return false;
    buf_addf(table, "file\t%s.delta\t%" PRIu64 "\t%" PRIu64 "\t%s\n", o->file, r.bytes, r.added + r.changed + r.removed,
             r.control);
    buf_addf(table, "after\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\n", o->file, id.size, id.size / o->record_length,
             control ? control : "");
    return true;
}

/* Whole or not there at all: built beside its place, brought to disk, renamed. */
static bool build(const struct making *m, struct status *st)
{
    struct buf table;
    buf_init(&table, 1 << 20);
    buf_addf(&table, "%s\n", SET_HEAD);
    bool ok = os_remove_tree(m->building, st) && os_make_folder(m->building, st);
    for (int i = 0; ok && i < m->g->unit->outputs_count; i++) ok = add_file(m, m->g->unit->outputs[i], &table, st);
    ok = ok && os_replace_file(arena_printf(m->arena, "%s/SET", m->building), buf_view(&table), st) &&
         os_fsync_folder(m->building, st) && os_remove_tree(m->folder, st) &&
         os_rename_new(m->building, m->folder, st) && os_fsync_folder(target_folder(m->f, m->arena), st);
    buf_release(&table);
    return ok;
}

struct reading {
    const struct making *m;
    struct deliver_content *out;
};

static bool read_line(void *context, char *field[], struct status *st)
{
    struct reading *r = context;
    struct arena *arena = r->m->arena;
    const char *name = arena_dup(arena, view_of(field[1])), *control = arena_dup(arena, view_of(field[4]));
    uint64_t bytes = strtoull(field[2], NULL, 10), records = strtoull(field[3], NULL, 10);
    if (strcmp(field[0], "file") == 0 && r->out->files_count < UNIT_OUTPUTS_MAX)
        r->out->files[r->out->files_count++] = (struct deliver_file){
            name, arena_printf(arena, "%s/%s", r->m->folder, name), bytes, records, control[0] ? control : NULL};
    else if (strcmp(field[0], "after") == 0 && r->out->after_count < UNIT_OUTPUTS_MAX)
        r->out->after[r->out->after_count++] = (struct deliver_after){name, records, control};
    else
        return status_fail(st, STATUS_CORRUPT, "\"%s/SET\" holds a line \"%s\"", r->m->folder, field[0]);
    return true;
}

/* --- events by rule --- */

bool deliver_check_events(const struct deliver_target *t, const struct unit *u, struct status *st)
{
    for (int i = 0; t->events && i < u->outputs_count; i++) {
        const char *file = u->outputs[i]->file;
        size_t n = strlen(file);
        if (strncmp(t->events, file, n) != 0 || (t->events[n] && strcmp(t->events + n, ".delta") != 0)) continue;
        status_fail(st, STATUS_USAGE, "target \"%s\": the file of events would be called %s, as output %s is",
                    t->place.name, t->events, u->outputs[i]->name);
        return status_hint(st, "give it another name: events = NAME in [target %s] of units/%s.ini", t->place.name,
                           u->id);
    }
    return true;
}

/* changes.tsv of the generation as it is; in a delta, too: events are of one night. */
static bool add_events(const struct making *m, struct deliver_content *out, struct status *st)
{
    const struct deliver_target *t = m->f->target;
    struct os_file_identity id;
    struct deliver_file f = {.name = t->events, .path = arena_printf(m->arena, "%s/changes.tsv", m->g->folder)};
    if (!t->events) return true;
    if (!deliver_check_events(t, m->g->unit, st)) return false;
    if (!os_exists(f.path)) {
        log_info("target %s: generation %s was made without rules of events: its set has no %s", t->place.name,
                 m->g->id, t->events);
        return true;
    }
    if (!os_identify(f.path, &id, st) || !change_count(f.path, &f.records, st)) return false;
    f.bytes = id.size;
    out->files[out->files_count++] = f;
    return true;
}

/* --- can it be a delta? --- */

/* Why the base does not do, NULL when it does. */
static const char *unlike(const struct making *m)
{
    const struct unit *a = m->base->unit, *b = m->g->unit;
    if (a->outputs_count != b->outputs_count) return "there are other output files than in the acknowledged set";
    for (int i = 0; i < b->outputs_count; i++)
        if (!delta_comparable(a->outputs[i], b->outputs[i]))
            return arena_printf(m->arena, "output %s has another layout than in the acknowledged set",
                                b->outputs[i]->name);
    const char *carried = m->plan->carried.seq ? set_folder(m, m->plan->carried) : NULL;
    if (carried && !os_exists(arena_printf(m->arena, "%s/SET", carried)))
        return "the files of the delta that was sent last are gone";
    return NULL;
}

static bool open_base(struct making *m, const char **why)
{
    struct status trouble = {0};
    if (!generation_open(m->f->unit_folder, m->plan->base_generation, &m->base, &trouble)) {
        *why = arena_printf(m->arena, "the generation of the acknowledged set cannot be read: %s", trouble.message);
        return false;
    }
    return !(*why = unlike(m));
}

static bool delta_content(struct making *m, const char **why, struct deliver_content *out, struct status *st)
{
    bool made = m->plan->prepared && os_exists(arena_printf(m->arena, "%s/SET", m->folder));
    if (!made && (!open_base(m, why) || !build(m, st))) return false;
    struct reading r = {m, out};
    return tsv_read(arena_printf(m->arena, "%s/SET", m->folder), SET_HEAD, read_line, &r, st);
}

/* --- clean up --- */

struct old {
    const char *folder;
    struct ledger_key keep_from;
    struct arena *arena;
    struct status *st;
    bool ok;
};

static bool remove_old(void *context, const char *name)
{
    struct old *o = context;
    struct ledger_key key;
    bool is_set = ledger_key_parse(name, &key), is_rest = !is_set && strstr(name, ".tmp");
    if (is_rest || (is_set && ledger_key_compare(key, o->keep_from) < 0))
        o->ok = os_remove_tree(arena_printf(o->arena, "%s/%s", o->folder, name), o->st);
    return o->ok;
}

static bool clean_up(const struct deliver_follow *f, const struct deliver_plan *plan, struct arena *arena,
                     struct status *st)
{
    struct old o = {target_folder(f, arena), plan->keep_from, arena, st, true};
    return !os_exists(o.folder) || (os_list(o.folder, remove_old, &o, st) && o.ok);
}

static bool output_content(struct making *m, struct deliver_plan *plan, struct deliver_content *out, struct status *st)
{
    const char *why = NULL;
    if (plan->base.seq == 0) return full_content(m->g, m->arena, out, st);
    for (int i = 0; i < m->g->unit->outputs_count; i++)
        if (!delta_can(m->g->unit->outputs[i], st))
            return status_while(st, "content = delta of target \"%s\"", m->f->target->place.name);
    bool ok = delta_content(m, &why, out, st);
    generation_close(m->base);
    if (ok || st->code != STATUS_OK) return ok;
    if (plan->fixed) {
        status_fail(st, STATUS_CORRUPT, "set %s was sent in part and its files are gone: %s",
                    ledger_key_format(plan->key).text, why);
        return status_hint(
            st, "restore \"%s\" from a backup, or let the receiver drop the set and go on with: crmx delivery resync",
            m->folder);
    }
    plan->base = plan->carried = (struct ledger_key){0};
    plan->full_because = why;
    return full_content(m->g, m->arena, out, st);
}

bool deliver_content(const struct deliver_follow *f, struct generation *g, struct deliver_plan *plan,
                     struct arena *arena, struct deliver_content *out, struct status *st)
{
    struct making m = {.f = f, .g = g, .plan = plan, .arena = arena};
    *out = (struct deliver_content){0};
    m.folder = set_folder(&m, plan->key);
    m.building = arena_printf(arena, "%s.tmp", m.folder);
    return clean_up(f, plan, arena, st) && output_content(&m, plan, out, st) && add_events(&m, out, st);
}
