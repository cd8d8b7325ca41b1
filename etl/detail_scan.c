#include "etl/detail_scan.h"

#include "base/date.h"
#include "etl/detail_month.h"

#include <stdlib.h>
#include <string.h>

static bool scan_file(struct generation *g, const char *name, struct detail_entry *e, detail_each *each, void *context,
                      struct status *st)
{
    struct detail_rows rows = {0};
    struct segment *s = segment_open(arena_printf(&g->arena, "%s/detail/%s", g->folder, name), st);
    bool ok = s != NULL;
    if (ok) e->scale = detail_day_scale(s);
    for (uint32_t p = 0; ok && p < segment_partitions(s); p++) {
        ok = detail_day_load(s, p, &rows, st);
        e->postings = rows.postings;
        for (uint64_t i = 0; ok && i < rows.accounts_count; i++) {
            e->account = &rows.accounts[i];
            ok = each(context, e, st);
            e->postings += rows.accounts[i].postings;
        }
    }
    detail_rows_release(&rows);
    segment_close(s);
    return ok;
}

bool detail_scan(struct generation *g, int32_t day, detail_each *each, void *context, struct status *st)
{
    struct detail_month m;
    if (!detail_month_read(g->folder, &g->arena, &m, st)) return false;
    for (int i = 0; i < m.files_count; i++) {
        char log[64];
        struct detail_entry e = {.date = detail_file_date(m.files[i], log), .table = -1};
        if (day != DATE_NONE && e.date != day) continue;
        e.log = unit_layout(g->unit, log);
        if (e.log < 0) continue; /* the system has ended; its days go with the month */
        for (int t = 0; t < g->tables.count; t++)
            if (g->tables.table[t].layout_index == g->unit->layout_base[e.log]) e.table = t;
        if (e.table >= 0 && !scan_file(g, m.files[i], &e, each, context, st))
            return status_while(st, "reading the month's detail of generation %s", g->id);
    }
    return true;
}
