#include "etl/compact.h"

#include "base/log.h"
#include "etl/compact_pack.h"
#include "etl/epoch.h"
#include "etl/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 30 };

struct work {
    const struct compact_request *r;
    struct compact_result *out;
    struct status *st;
    struct arena arena;
    char unit_folder[OS_PATH_MAX];
    const char *folder; /* units/UU/compact */
    int lock;
    struct epoch epoch;
    struct generation *g, *h;
    struct compact_pack pack;
    struct generation_current current;
};

/* --- how much is in force --- */

static uint64_t rows_of(const struct segment *s, const char *name)
{
    int column = segment_find(s, name);
    uint64_t rows = 0;
    for (uint32_t p = 0; column >= 0 && p < segment_partitions(s); p++) rows += segment_rows(s, p, column);
    return rows;
}

void compact_share(const struct generation *g, struct compact_share *out)
{
    *out = (struct compact_share){.percent = 100, .space = ""};
    for (int t = -1; t < g->tables.count; t++) {
        int space = t < 0 ? -1 : g->tables.table[t].layout_index;
        uint64_t archived = 0, live = rows_of(t < 0 ? g->source : g->table[t], "record");
        for (int i = 0; i < g->inputs.files_count + g->inputs.carried_count; i++) {
            bool own = i < g->inputs.files_count;
            const struct input_file *f = own ? &g->inputs.files[i] : &g->inputs.carried[i - g->inputs.files_count];
            if (f->space == space) archived += f->accepted;
        }
        out->archived += archived;
        out->live += live < archived ? live : archived; /* a joint account has several rows */
        uint32_t ids = input_space(&g->inputs, space);
        if (ids < out->ids) continue;
        out->ids = ids;
        out->space = t < 0 ? "customers" : g->tables.table[t].layout->name;
    }
    if (out->archived) out->percent = (int)(out->live * 100 / out->archived);
}

bool compact_is_due(const struct compact_share *s, int live_share)
{
    return s->percent < live_share || s->ids > UINT32_MAX / 4 * 3;
}

/* --- the compacted form that there is --- */

bool compact_find(const char *unit_folder, const char *id, char folder[OS_PATH_MAX], bool *there, struct status *st)
{
    struct generation_current c;
    snprintf(folder, OS_PATH_MAX, "%s/compact", unit_folder);
    if (!generation_current_read(folder, &c, there, st)) return false;
    *there = *there && strcmp(c.id, id) == 0;
    return true;
}

/* CURRENT first: what it does not name does not exist. */
static bool remove_form(const char *folder, struct status *st)
{
    char path[OS_PATH_MAX];
    if (!os_exists(folder)) return true;
    snprintf(path, sizeof path, "%s/CURRENT", folder);
    return os_unlink(path, st) && os_fsync_folder(folder, st) && os_remove_tree(folder, st);
}

bool compact_prune(const char *unit_folder, const char *current, struct status *st)
{
    char folder[OS_PATH_MAX];
    bool there;
    return compact_find(unit_folder, current, folder, &there, st) && (there || remove_form(folder, st));
}

/* --- making it --- */

static void count(const struct input_set *in, struct compact_count *c)
{
    *c = (struct compact_count){0};
    for (int i = 0; i < in->files_count + in->carried_count; i++) {
        const struct input_file *f = i < in->files_count ? &in->files[i] : &in->carried[i - in->files_count];
        c->files++;
        c->records += f->accepted;
        c->bytes += f->identity.size;
    }
}

static bool begin(struct work *w)
{
    bool there;
    run_unit_folder(w->r->work, w->r->unit, w->unit_folder);
    log_run(w->r->unit, NULL);
    if (!os_exists(w->unit_folder)) {
        status_fail(w->st, STATUS_USAGE, "unit %s has no population yet", w->r->unit);
        return status_hint(w->st, "crmx run initial --unit %s --date YYYY-MM-DD", w->r->unit);
    }
    w->lock = os_lock(arena_printf(&w->arena, "%s/lock", w->unit_folder), w->st);
    if (w->lock < 0 || !epoch_take(&w->epoch, w->unit_folder, w->st) ||
        !generation_open(w->unit_folder, NULL, &w->g, w->st))
        return false;
    char folder[OS_PATH_MAX];
    if (!compact_find(w->unit_folder, w->g->id, folder, &there, w->st)) return false;
    w->folder = arena_dup(&w->arena, view_of(folder));
    snprintf(w->out->generation, sizeof w->out->generation, "%s", w->g->id);
    count(&w->g->inputs, &w->out->before);
    w->out->already = there;
    if (!there) return remove_form(w->folder, w->st);
    bool ok = generation_open(w->folder, w->g->id, &w->h, w->st);
    if (ok) count(&w->h->inputs, &w->out->after);
    return ok;
}

/* Each space that something points into, once. */
static bool pack_spaces(struct work *w)
{
    struct compact_pack *p = &w->pack;
    bool *done = arena_array(&w->arena, bool, UNIT_LAYOUTS_MAX + 1);
    bool changed = false;
    for (int i = 0; i < p->holders.count; i++) {
        int space = p->holders.list[i].space;
        if (done[space + 1]) continue;
        done[space + 1] = true;
        struct compact_space s;
        bool ok = compact_space_open(&s, w->g, space, &p->holders, p->lists, w->r->live_share, w->r->memory_max,
                                     p->pool, &w->arena, w->st) &&
                  compact_pack_space(p, &s, w->st);
        changed |= s.changed;
        compact_space_close(&s);
        if (!ok) return false;
    }
    return !changed || compact_pack_rest(p, w->st);
}

/* The head lines of the generation's manifest. */
static bool read_head(struct work *w, const char **head)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    bool ok = os_read_file(arena_printf(&w->arena, "%s/MANIFEST", w->g->folder), &text, w->st);
    const char *from = ok ? strchr(text.bytes, '\n') + 1 : NULL, *to = from ? strstr(from, "file\t") : NULL;
    if (ok && !to) ok = status_fail(w->st, STATUS_CORRUPT, "the manifest of generation %s lists no file", w->g->id);
    if (ok) *head = arena_dup(&w->arena, (struct view){from, (size_t)(to - from)});
    buf_release(&text);
    return ok;
}

/* Not yet the truth: CURRENT does not name it. */
static bool publish(struct work *w)
{
    const char *head, *gens = arena_printf(&w->arena, "%s/gen", w->folder),
                      *final = arena_printf(&w->arena, "%s/%s", gens, w->g->id);
    snprintf(w->current.id, sizeof w->current.id, "%s", w->g->id);
    return read_head(w, &head) &&
           generation_write_manifest(w->pack.folder, head, NULL, 0, w->current.manifest_hash, w->st) &&
           os_fsync_folder(w->pack.folder, w->st) && os_make_folder(gens, w->st) && epoch_check(&w->epoch, w->st) &&
           os_rename_new(w->pack.folder, final, w->st) && os_fsync_folder(gens, w->st) &&
           os_fsync_folder(w->folder, w->st) && os_fsync_folder(w->unit_folder, w->st);
}

static bool compare(struct work *w)
{
    struct reconcile r = {.arena = &w->arena};
    if (!generation_open(w->folder, w->g->id, &w->h, w->st)) return false;
    count(&w->h->inputs, &w->out->after);
    if (!compact_compare(w->g, w->h, &w->pack, &r, w->st)) return false;
    w->out->equations = r.equations_count;
    return true;
}

static bool make(struct work *w)
{
    struct compact_pack *p = &w->pack;
    int threads = w->r->threads ? w->r->threads : os_cpu_count();
    *p = (struct compact_pack){.g = w->g,
                               .pool = pool_new(threads),
                               .arena = &w->arena,
                               .result = w->out,
                               .inputs = calloc(1, sizeof *p->inputs)};
    ensure(p->inputs);
    p->folder = arena_printf(&w->arena, "%s/gen.tmp", w->folder);
    input_set_init(p->inputs, &w->arena);
    p->inputs->files_count = w->g->inputs.files_count;
    bool ok = compact_holders(w->g, &w->arena, &p->holders, w->st) && compact_lists(w->g, &w->arena, p->lists, w->st) &&
              os_make_folder(arena_printf(&w->arena, "%s/detail", p->folder), w->st);
    p->rewritten = arena_array(&w->arena, bool, p->holders.count + 1);
    ok = ok && pack_spaces(w);
    if (ok && !w->out->packed_files) {
        w->out->after = w->out->before;
        ok = remove_form(w->folder, w->st);
    } else if (ok) {
        ok = publish(w) && compare(w) && epoch_check(&w->epoch, w->st) &&
             generation_current_write(w->folder, &w->current, w->st);
    }
    input_set_release(p->inputs);
    free(p->inputs);
    pool_free(p->pool);
    return ok;
}

bool compact_unit(const struct compact_request *r, struct compact_result *out, struct status *st)
{
    struct work w = {.r = r, .out = out, .st = st, .lock = -1};
    *out = (struct compact_result){0};
    arena_init(&w.arena, "compact");
    bool ok = begin(&w) && (out->already || make(&w));
    if (!ok && w.folder && epoch_check(&w.epoch, &(struct status){0})) remove_form(w.folder, &(struct status){0});
    generation_close(w.h);
    generation_close(w.g);
    os_close(w.lock);
    arena_release(&w.arena);
    return ok || status_while(st, "packing the archived inputs of unit %s", r->unit);
}
