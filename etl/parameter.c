#include "etl/parameter.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

const char *parameter_folder(const char *work, struct arena *arena)
{
    return arena_printf(arena, "%s/state/parameters", work);
}

const char *parameter_path(const char *work, int number, struct arena *arena)
{
    return arena_printf(arena, "%s/state/parameters/%06d.parameter", work, number);
}

int parameter_lock(const char *work, bool shared, int64_t timeout_ms, struct arena *arena, struct status *st)
{
    const char *folder = parameter_folder(work, arena);
    if (!os_make_folder(folder, st)) return -1;
    int fd = os_lock_wait(arena_printf(arena, "%s/lock", folder), shared, timeout_ms, st);
    if (fd < 0) status_while(st, "waiting for another command that uses \"%s\"", folder);
    return fd;
}

/* --- all files --- */

static bool note_number(void *context, const char *name)
{
    int number, *count = context, length = 0;
    if (sscanf(name, "%6d.parameter%n", &number, &length) == 1 && length == 16 && strlen(name) == 16 && number > *count)
        *count = number;
    return true;
}

static bool load_one(const char *work, struct arena *arena, struct parameter_set *set, int number, struct status *st)
{
    const char *path = parameter_path(work, number, arena), *before = number > 1 ? set->file[number - 2].hash : "";
    struct parameter_file *f = &set->file[number - 1];
    struct buf bytes;
    buf_init(&bytes, PARAMETER_FILE_MAX);
    if (!os_exists(path)) {
        status_fail(st, STATUS_CORRUPT, "\"%s\" is missing, but later ones are there", path);
        status_hint(st, "write it again from the database: crmx parameter verify; or restore it from a backup");
    } else if (os_read_file(path, &bytes, st) && parameter_read(path, buf_view(&bytes), arena, f, st)) {
        if (f->number != number || strcmp(f->previous, before) != 0) {
            status_fail(st, STATUS_CORRUPT, "\"%s\" does not follow the file before it: it was changed or copied",
                        path);
            status_hint(st, "restore state/parameters from a backup; compare: crmx parameter verify");
        }
    }
    buf_release(&bytes);
    return st->code == STATUS_OK;
}

bool parameter_load(const char *work, struct arena *arena, struct parameter_set *out, struct status *st)
{
    const char *folder = parameter_folder(work, arena);
    *out = (struct parameter_set){0};
    if (!os_exists(folder)) return true;
    int count = 0;
    if (!os_list(folder, note_number, &count, st)) return false;
    out->file = arena_array(arena, struct parameter_file, count + 1);
    for (int i = 1; i <= count; i++, out->count++)
        if (!load_one(work, arena, out, i, st)) return status_while(st, "reading the parameters in force");
    return true;
}

bool parameter_add(const char *work, const struct parameter_file *f, struct view bytes, struct arena *arena,
                   struct status *st)
{
    const char *path = parameter_path(work, f->number, arena);
    if (!os_exists(path)) return os_replace_file(path, bytes, st);
    struct buf there;
    buf_init(&there, PARAMETER_FILE_MAX);
    bool ok = os_read_file(path, &there, st);
    if (ok && !view_equal(buf_view(&there), bytes)) {
        ok = status_fail(st, STATUS_CORRUPT, "\"%s\" is there already with another content", path);
        status_hint(
            st, "a parameter file is never written twice: restore state/parameters, or the database, from a backup");
    }
    buf_release(&there);
    return ok;
}

/* --- what counts --- */

const struct parameter_file *parameter_of_level(const struct parameter_set *s, const char *level, int customer_type,
                                                int32_t date)
{
    for (int i = s->count; i-- > 0;) {
        const struct parameter_file *f = &s->file[i];
        if (f->customer_type == customer_type && f->effective_from <= date && strcmp(f->level, level) == 0) return f;
    }
    return NULL;
}

static struct parameter_choice choose(const struct parameter_file *head, const struct parameter_file *own)
{
    const struct parameter_file *order[2] = {own, head};
    struct parameter_choice c = {0};
    for (int i = 0; i < 2; i++) {
        const struct parameter_file *f = order[i];
        if (!f) continue;
        if (!c.threshold && (f->threshold || (f->formula && !c.formula))) {
            c.threshold = f;
            c.threshold_in_formula = !f->threshold;
        }
        if (!c.formula && f->formula) c.formula = f;
        if (!c.challenger && f->challenger) c.challenger = f;
    }
    return c;
}

void parameter_resolve(const struct parameter_set *s, const char *unit, int32_t date, struct parameter_resolved *out)
{
    *out = (struct parameter_resolved){0};
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        out->of[t] = choose(parameter_of_level(s, PARAMETER_HEAD, t, date), parameter_of_level(s, unit, t, date));
    out->list[0] = parameter_of_level(s, PARAMETER_HEAD, CUSTOMER_TYPES, date);
    out->list[1] = parameter_of_level(s, unit, CUSTOMER_TYPES, date);
}

int32_t parameter_next_change(const struct parameter_set *s, int32_t date)
{
    int32_t next = INT32_MAX;
    for (int i = 0; i < s->count; i++)
        if (s->file[i].effective_from > date && s->file[i].effective_from < next) next = s->file[i].effective_from;
    return next;
}

bool parameter_span(const struct parameter_set *s, int64_t version, int32_t next, int32_t *from, int32_t *until)
{
    const struct parameter_file *any = NULL;
    *from = *until = DATE_NONE;
    for (int i = 0; i < s->count && !any; i++)
        if (s->file[i].kind != PARAMETER_LIST && s->file[i].version == version) any = &s->file[i];
    for (int32_t date = next; any && date != INT32_MAX; date = parameter_next_change(s, date)) {
        const struct parameter_file *f = parameter_of_level(s, any->level, any->customer_type, date);
        bool counts = f && f->version == version;
        if (counts && *from == DATE_NONE) *from = date;
        if (!counts && *from != DATE_NONE) return *until = date - 1, true;
    }
    return *from != DATE_NONE;
}

const char *parameter_origin(const struct parameter_file *f, struct arena *arena)
{
    char date[11];
    bool head = strcmp(f->level, PARAMETER_HEAD) == 0;
    date_format(f->effective_from, date);
    const char *whose = head ? "the head office" : arena_printf(arena, "unit %s", f->level);
    if (f->kind == PARAMETER_LIST)
        return arena_printf(arena, "lists of %s, file %06d, from %s", whose, f->number, date);
    return arena_printf(arena, "version %lld of %s, file %06d, from %s", (long long)f->version, whose, f->number, date);
}

/* --- into an attempt --- */

static bool write_formula(const char *folder, const char *name, const char *text, struct arena *arena,
                          struct status *st)
{
    const char *path = arena_printf(arena, "%s/formulas/%s.formula", folder, name);
    return os_replace_file(path, view_of(text), st);
}

static const char *formula_name(const struct parameter_file *f, const char *what, struct arena *arena)
{
    return arena_printf(arena, "parameter-%06d%s", f->number, what);
}

static bool freeze_type(const struct parameter_choice *c, int type, const char *folder, struct buf *ini,
                        struct arena *arena, struct status *st)
{
    if (!c->formula && !c->threshold && !c->challenger) return true;
    buf_addf(ini, "[%s]\n", CUSTOMER_TYPE_NAMES[type]);
    if (c->formula) {
        const char *name = formula_name(c->formula, "", arena);
        buf_addf(ini, "formula = %s\nformula_source = %s\nformula_digest = %s\n", name,
                 parameter_origin(c->formula, arena), c->formula->digest);
        if (!write_formula(folder, name, c->formula->formula, arena, st)) return false;
    }
    if (c->threshold && !c->threshold_in_formula) buf_addf(ini, "threshold = %s\n", c->threshold->threshold);
    if (c->threshold) buf_addf(ini, "threshold_source = %s\n", parameter_origin(c->threshold, arena));
    if (c->challenger) {
        const char *name = formula_name(c->challenger, "-challenger", arena);
        buf_addf(ini, "challenger = %s\nchallenger_source = %s\n", name, parameter_origin(c->challenger, arena));
        if (!write_formula(folder, name, c->challenger->challenger, arena, st)) return false;
    }
    return true;
}

static bool freeze_lists(const struct parameter_resolved *p, const char *folder, struct buf *ini, struct arena *arena,
                         struct status *st)
{
    static const char *const KEYS[] = {"head", "unit"};
    struct buf lines;
    if (!p->list[0] && !p->list[1]) return true;
    buf_init(&lines, PARAMETER_FILE_MAX * (size_t)2);
    buf_add_text(ini, "[lists]\n");
    for (int i = 0; i < 2; i++) {
        if (!p->list[i]) continue;
        buf_addf(ini, "%s = %s\n", KEYS[i], parameter_origin(p->list[i], arena));
        buf_add_text(&lines, p->list[i]->list);
    }
    const char *path = arena_printf(arena, "%s/parameters/lists.tsv", folder);
    bool ok = os_replace_file(path, lines.length ? buf_view(&lines) : VIEW_LITERAL(""), st);
    buf_release(&lines);
    return ok;
}

static bool freeze(const struct parameter_resolved *p, const char *folder, struct arena *arena, struct status *st)
{
    struct buf ini;
    buf_init(&ini, 1 << 20);
    bool ok = os_make_folder(arena_printf(arena, "%s/parameters", folder), st);
    for (int t = 0; ok && t < CUSTOMER_TYPES; t++) ok = freeze_type(&p->of[t], t, folder, &ini, arena, st);
    ok = ok && freeze_lists(p, folder, &ini, arena, st) &&
         os_replace_file(arena_printf(arena, "%s/parameters/parameters.ini", folder), buf_view(&ini), st);
    buf_release(&ini);
    return ok;
}

bool parameter_freeze(const char *work, const char *unit, int32_t date, const char *folder, struct status *st)
{
    enum { WAIT_MS = 30000 };
    struct arena arena;
    struct parameter_set set;
    struct parameter_resolved p;
    arena_init(&arena, "parameters");
    bool there = os_exists(parameter_folder(work, &arena));
    int lock = there ? parameter_lock(work, true, WAIT_MS, &arena, st) : -1;
    bool ok = !there || (lock >= 0 && parameter_load(work, &arena, &set, st));
    if (ok && there) {
        bool any = false;
        parameter_resolve(&set, unit, date, &p);
        for (int t = 0; t < CUSTOMER_TYPES; t++) any |= p.of[t].formula || p.of[t].threshold || p.of[t].challenger;
        ok = !(any || p.list[0] || p.list[1]) || freeze(&p, folder, &arena, st);
    }
    os_close(lock);
    arena_release(&arena);
    return ok;
}
