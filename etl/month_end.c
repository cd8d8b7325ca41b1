#include "etl/month_end.h"

#include "base/date.h"
#include "base/log.h"
#include "etl/epoch.h"
#include "etl/journal.h"
#include "etl/keep.h"
#include "etl/reconcile.h"
#include "etl/run.h"
#include "etl/tsv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
    const struct month_end_request *r;
    struct month_end *m;
    struct status *st;
    int lock;
    struct epoch epoch;
    struct generation *g;
    struct journal *journal;
    const char *statement; /* name of the layout */
    char date[11];
};

static bool note(struct work *w, int step, const char *event, const char *detail)
{
    return epoch_check(&w->epoch, w->st) && journal_append(w->journal, step, event, detail, w->st);
}

/* --- is it a month end, and this one's turn? --- */

static int32_t last_day(int32_t date)
{
    int year, month, day;
    date_to_civil(date, &year, &month, &day);
    return date_from_civil(year, month, date_days_in_month(year, month));
}

static bool refuse(struct work *w, const char *what, const char *verb, int32_t from, int32_t to)
{
    char a[11], b[11];
    date_format(from, a);
    date_format(to, b);
    status_fail(w->st, STATUS_USAGE, "no statements for %s: %s", w->date, what);
    if (strcmp(verb, "daily") == 0)
        return status_hint(w->st, "crmx run daily --unit %s --date %s --through %s", w->r->unit, a, b);
    return status_hint(w->st, "crmx run monthend --unit %s --date %s", w->r->unit, a);
}

/* The generation that states the month: the latest of its last day. */
static bool find_generation(struct work *w)
{
    struct keep_list *list = calloc(1, sizeof *list);
    const struct keep_entry *of_date = NULL, *current = NULL;
    ensure(list);
    bool ok = keep_look(&(struct keep_unit){.folder = w->m->unit_folder}, 1, list, w->st);
    for (int i = 0; ok && i < list->count; i++) {
        if (list->entry[i].date == w->r->date) of_date = &list->entry[i];
        if (list->entry[i].is_current) current = &list->entry[i];
    }
    if (ok && !current) {
        status_fail(w->st, STATUS_USAGE, "unit %s has no population yet", w->r->unit);
        ok = status_hint(w->st, "crmx run initial --unit %s --date %s", w->r->unit, w->date);
    } else if (ok && current->date < w->r->date) {
        char now[11];
        date_format(current->date, now);
        ok = refuse(w, arena_printf(&w->m->arena, "the unit is at business date %s", now), "daily", current->date + 1,
                    w->r->date);
    } else if (ok && !of_date) {
        status_fail(w->st, STATUS_USAGE, "no statements for %s: no generation of that date is kept", w->date);
        ok = status_hint(w->st, "see which are kept: crmx generation list --unit %s", w->r->unit);
    }
    if (ok) snprintf(w->m->generation, sizeof w->m->generation, "%s", of_date->id);
    free(list);
    return ok;
}

static bool check_layout(struct work *w)
{
    struct unit *u;
    if (!unit_load(w->r->work, w->r->unit, &w->m->arena, &u, w->st)) return false;
    w->statement = u->statement;
    if (u->statement) return true;
    status_fail(w->st, STATUS_USAGE, "no statements for %s: unit %s has no statement layout", w->date, w->r->unit);
    return status_hint(w->st,
                       "statement = monthly in [unit] of units/%s.ini names statements/monthly.ini; crmx init DIR "
                       "makes one to copy",
                       w->r->unit);
}

static bool check_date(struct work *w)
{
    if (w->r->date == last_day(w->r->date)) return find_generation(w);
    return refuse(w, "it is not the last day of its month", "monthend", last_day(w->r->date), 0);
}

/* Months are stated in order: the detail of the generation shows what was not emptied before. */
static bool check_order(struct work *w)
{
    struct detail_month month;
    int32_t first = DATE_NONE, emptied;
    int year, number, day;
    const char *folder = arena_printf(&w->m->arena, "%s/gen/%s", w->m->unit_folder, w->m->generation);
    if (!detail_month_read(folder, &w->m->arena, &month, w->st) ||
        !detail_emptied_read(w->m->unit_folder, &emptied, w->st))
        return false;
    for (int i = 0; i < month.files_count; i++) {
        int32_t date = detail_file_date(month.files[i], NULL);
        if ((first == DATE_NONE || date < first) && date > emptied) first = date;
    }
    date_to_civil(w->r->date, &year, &number, &day);
    if (first == DATE_NONE || first >= date_from_civil(year, number, 1)) return true;
    return refuse(w, "an earlier month was not stated yet", "monthend", last_day(first), 0);
}

/* --- the folder --- */

static bool note_sequence(void *context, const char *name)
{
    struct work *w = context;
    int sequence;
    char end;
    if (strncmp(name, w->date, 10) == 0 && sscanf(name + 10, ".%3d%c", &sequence, &end) == 1 &&
        sequence > w->m->sequence)
        w->m->sequence = sequence;
    return true;
}

static void name_folder(struct work *w)
{
    snprintf(w->m->folder, sizeof w->m->folder, "%s/month/%s.%03d", w->m->unit_folder, w->date, w->m->sequence);
}

static bool open_journal(struct work *w)
{
    name_folder(w);
    if (!os_make_folder(w->m->folder, w->st)) return false;
    w->journal = journal_open(arena_printf(&w->m->arena, "%s/journal", w->m->folder), w->st);
    return w->journal != NULL;
}

/* The latest sequence of the date; a redo of one that is done opens the next. */
static bool open_folder(struct work *w)
{
    const char *months = arena_printf(&w->m->arena, "%s/month", w->m->unit_folder);
    if (!os_make_folder(months, w->st) || !os_list(months, note_sequence, w, w->st)) return false;
    if (!w->m->sequence) w->m->sequence = 1;
    if (!open_journal(w)) return false;
    w->m->emptied = journal_find(w->journal, "emptied") != NULL;
    if (w->m->emptied && w->r->redo) {
        journal_close(w->journal);
        w->m->emptied = false;
        w->m->sequence++;
        if (!open_journal(w)) return false;
    }
    const char *stated = journal_find(w->journal, "started");
    w->m->corrected = stated && strcmp(stated, w->m->generation) != 0;
    if (w->m->emptied) return true;
    if (!stated || (w->m->corrected && !journal_find(w->journal, "delivering"))) {
        /* Nothing of an earlier generation has left the house: it is forgotten. */
        w->m->corrected = false;
        return os_remove_tree(arena_printf(&w->m->arena, "%s/out", w->m->folder), w->st) &&
               (!w->r->redo || note(w, 210, "redo", w->r->reason)) && note(w, 210, "started", w->m->generation);
    }
    snprintf(w->m->generation, sizeof w->m->generation, "%s", stated);
    return true;
}

/* The layout is frozen in the folder: a change of it counts from the next month (or redo) on. */
static bool freeze_layout(struct work *w, struct statement_layout **out)
{
    struct arena *arena = &w->m->arena;
    const char *frozen = arena_printf(arena, "%s/param/%s.ini", w->m->folder, w->statement),
               *live = arena_printf(arena, "%s/statements/%s.ini", w->r->work, w->statement),
               *tmp = arena_printf(arena, "%s/param.tmp", w->m->folder);
    if (!os_exists(frozen)) {
        if (!statement_layout_load(live, w->statement, arena, out, w->st))
            return status_hint(w->st, "correct \"%s\", then the same command", live);
        if (!os_make_folder(arena_printf(arena, "%s/param", w->m->folder), w->st) || !os_unlink(tmp, w->st) ||
            !os_copy(live, tmp, w->st) || !os_rename_new(tmp, frozen, w->st) || !os_fsync_folder(w->m->folder, w->st))
            return false;
    }
    return statement_layout_load(frozen, w->statement, arena, out, w->st);
}

/* --- 210, 220 --- */

static bool take_statements(void *context, char *field[], struct status *st)
{
    struct month_end *m = context;
    (void)st;
    if (strcmp(field[1], "statements") == 0) m->statements = strtoull(field[3], NULL, 10);
    return true;
}

static void open_workers(struct work *w, struct statement *s)
{
    int threads = w->r->threads ? w->r->threads : os_cpu_count();
    uint64_t memory = w->r->memory_max < BUDGET_MINIMUM ? BUDGET_MINIMUM : w->r->memory_max;
    /* Outside the budget: what each thread holds of a partition or range, the bitmap of the customers, the program. */
    uint64_t outside = memory / 4 + (uint64_t)threads * (24 << 20), most = memory * 3 / 4;
    uint64_t budget = memory - (outside < most ? outside : most);
    uint64_t writers = (uint64_t)threads * ((s->g->numbers >> 12) + 4096);
    uint32_t block = BUDGET_BLOCK_SIZE_MAX;
    while (block > BUDGET_BLOCK_SIZE_MIN && writers * block > budget / 2) block /= 2;
    os_tune_memory(w->r->memory_max >= (UINT64_C(1) << 30));
    s->pool = pool_new(threads);
    s->budget = budget_new(budget, 4 << 20, block);
}

static bool make_files(struct work *w, const struct statement_layout *layout)
{
    struct arena *arena = &w->m->arena;
    const char *tmp = arena_printf(arena, "%s/out.tmp", w->m->folder),
               *out = arena_printf(arena, "%s/out", w->m->folder),
               *spill = w->r->temp_folder && w->r->temp_folder[0]
                            ? arena_printf(arena, "%s/crmx-%s-month-%s", w->r->temp_folder, w->r->unit, w->date)
                            : arena_printf(arena, "%s/spill", w->m->folder);
    struct statement s = {.g = w->g, .layout = layout, .arena = arena, .spill_folder = spill, .folder = tmp};
    if (!os_remove_tree(tmp, w->st) || !os_remove_tree(spill, w->st) || !os_make_folder(tmp, w->st) ||
        !os_make_folder(spill, w->st))
        return false;
    open_workers(w, &s);
    log_step("210 collect");
    bool ok = statement_open(&s, w->st) && statement_collect(&s, w->st);
    log_step("220 render");
    ok = ok && statement_render(&s, w->st) && statement_tie_out(&s, w->st);
    if (ok && s.totals.malformed)
        log_warning("%llu characters that cannot be printed stand as \"?\"", (unsigned long long)s.totals.malformed);
    w->m->totals = s.totals;
    statement_close(&s);
    pool_free(s.pool);
    budget_free(s.budget);
    struct status ignored = {0};
    os_remove_tree(spill, &ignored);
    if (!ok) return false;
    const char *files[] = {layout->file, layout->csv, "totals.tsv", "tieout.tsv"};
    for (int i = 0; i < 4; i++)
        if (files[i] && !os_fsync_path(arena_printf(arena, "%s/%s", tmp, files[i]), w->st)) return false;
    return os_fsync_folder(tmp, w->st) && epoch_check(&w->epoch, w->st) && os_rename_new(tmp, out, w->st) &&
           os_fsync_folder(w->m->folder, w->st);
}

static bool render(struct work *w)
{
    struct statement_layout *layout;
    const char *out = arena_printf(&w->m->arena, "%s/out", w->m->folder);
    if (!freeze_layout(w, &layout)) return false;
    w->m->file = layout->file;
    w->m->csv = layout->csv;
    if (!os_exists(out)) {
        if (!generation_open(w->m->unit_folder, w->m->generation, &w->g, w->st) || !make_files(w, layout)) return false;
    }
    if (!journal_find(w->journal, "rendered") && !note(w, 220, "rendered", w->m->generation)) return false;
    return tsv_read(arena_printf(&w->m->arena, "%s/totals.tsv", out), RECONCILE_TOTALS_HEAD, take_statements, w->m,
                    w->st);
}

/* --- the calls --- */

static bool begin(struct work *w, const struct month_end_request *r, struct month_end *m, struct status *st)
{
    *w = (struct work){.r = r, .m = m, .st = st, .lock = -1};
    date_format(r->date, w->date);
    run_unit_folder(r->work, r->unit, m->unit_folder);
    log_run(r->unit, w->date);
    if (!os_exists(m->unit_folder)) {
        status_fail(st, STATUS_USAGE, "unit %s has no population yet", r->unit);
        return status_hint(st, "crmx run initial --unit %s --date %s", r->unit, w->date);
    }
    w->lock = os_lock(arena_printf(&m->arena, "%s/lock", m->unit_folder), st);
    return w->lock >= 0 && epoch_take(&w->epoch, m->unit_folder, st);
}

static void end(struct work *w)
{
    generation_close(w->g);
    journal_close(w->journal);
    os_close(w->lock);
    log_step(NULL);
}

bool month_end_render(const struct month_end_request *r, struct month_end *m, struct status *st)
{
    struct work w;
    *m = (struct month_end){0};
    arena_init(&m->arena, "month end");
    bool ok = begin(&w, r, m, st) && check_layout(&w) && check_date(&w) && check_order(&w) && open_folder(&w) &&
              (m->emptied || render(&w));
    end(&w);
    return ok || status_while(st, "making the statements of unit %s for %s", r->unit, w.date);
}

/* Between the calls the lock is open: a night may run while a target is slow. */
static bool append(struct month_end *m, int step, const char *event, struct status *st)
{
    struct journal *j = journal_open(arena_printf(&m->arena, "%s/journal", m->folder), st);
    bool ok = j && (journal_find(j, event) || journal_append(j, step, event, m->generation, st));
    journal_close(j);
    return ok;
}

bool month_end_deliver(struct month_end *m, struct status *st)
{
    return append(m, 230, "delivering", st);
}

bool month_end_empty(const struct month_end_request *r, struct month_end *m, struct status *st)
{
    struct work w;
    int32_t emptied;
    bool ok =
        begin(&w, r, m, st) && append(m, 230, "delivered", st) && detail_emptied_read(m->unit_folder, &emptied, st);
    log_step("240 empty");
    if (ok && (emptied == DATE_NONE || emptied < r->date))
        ok = epoch_check(&w.epoch, st) && detail_emptied_write(m->unit_folder, r->date, m->generation, st);
    ok = ok && append(m, 240, "emptied", st);
    m->emptied = ok;
    end(&w);
    return ok || status_while(st, "emptying the detail of unit %s up to %s", r->unit, w.date);
}

void month_end_close(struct month_end *m)
{
    arena_release(&m->arena);
}
