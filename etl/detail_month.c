#include "etl/detail_month.h"

#include "base/date.h"
#include "base/os.h"
#include "etl/reconcile.h"
#include "etl/tsv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUMS_HEAD                                                                                                      \
    "date\tlog\tcurrency\taccounts\tpostings\tbreaks\topening\tmovement\tclosing\tunexplained\tadjusted\tscale"

int32_t detail_file_date(const char *name, char log[64])
{
    int32_t date;
    size_t n = strlen(name);
    if (n < 16 || name[10] != '.' || strcmp(name + n - 4, ".seg") != 0 || !date_parse((struct view){name, 10}, &date))
        return DATE_NONE;
    if (log) snprintf(log, 64, "%.*s", (int)(n - 15), name + 11);
    return date;
}

struct listing {
    struct detail_month *m;
    struct arena *arena;
    int capacity;
};

static bool note_file(void *context, const char *name)
{
    struct listing *l = context;
    if (detail_file_date(name, NULL) == DATE_NONE) return true;
    if (l->m->files_count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 64;
        const char **more = arena_array(l->arena, const char *, l->capacity);
        if (l->m->files_count) memcpy(more, l->m->files, (size_t)l->m->files_count * sizeof *more);
        l->m->files = more;
    }
    int at = l->m->files_count++;
    for (; at && strcmp(l->m->files[at - 1], name) > 0; at--) l->m->files[at] = l->m->files[at - 1];
    l->m->files[at] = arena_dup(l->arena, view_of(name));
    return true;
}

/* "-12.34" at a scale → minor units. */
static __int128 figure(const char *text)
{
    __int128 v = 0;
    for (const char *p = text + (*text == '-'); *p; p++)
        if (*p != '.') v = v * 10 + (*p - '0');
    return *text == '-' ? -v : v;
}

static bool take_sum(void *context, char *field[], struct status *st)
{
    struct listing *l = context;
    struct detail_month *m = l->m;
    if (m->sums_count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 64;
        struct detail_sum *more = arena_array(l->arena, struct detail_sum, l->capacity);
        if (m->sums_count) memcpy(more, m->sums, (size_t)m->sums_count * sizeof *more);
        m->sums = more;
    }
    struct detail_sum *s = &m->sums[m->sums_count++];
    *s = (struct detail_sum){.log = arena_dup(l->arena, view_of(field[1])),
                             .currency = arena_dup(l->arena, view_of(field[2])),
                             .accounts = strtoull(field[3], NULL, 10),
                             .postings = strtoull(field[4], NULL, 10),
                             .breaks = strtoull(field[5], NULL, 10),
                             .opening = figure(field[6]),
                             .movement = figure(field[7]),
                             .closing = figure(field[8]),
                             .unexplained = figure(field[9]),
                             .adjusted = figure(field[10]),
                             .scale = atoi(field[11])};
    return date_parse(view_of(field[0]), &s->date) ||
           status_fail(st, STATUS_CORRUPT, "\"%s\" is no date of the month's detail", field[0]);
}

bool detail_month_read(const char *folder, struct arena *arena, struct detail_month *out, struct status *st)
{
    const char *detail = arena_printf(arena, "%s/detail", folder), *sums = arena_printf(arena, "%s/sums.tsv", detail);
    struct listing l = {.m = out, .arena = arena};
    *out = (struct detail_month){0};
    if (!os_exists(sums)) return true;
    if (!os_list(detail, note_file, &l, st)) return false;
    l.capacity = 0;
    return tsv_read(sums, SUMS_HEAD, take_sum, &l, st) || status_while(st, "reading the month's detail");
}

bool detail_month_write(const char *folder, const struct detail_month *m, struct status *st)
{
    char path[OS_PATH_MAX], date[11], a[5][48];
    struct buf out;
    buf_init(&out, (size_t)1 << 30);
    buf_add_text(&out, SUMS_HEAD "\n");
    for (int i = 0; i < m->sums_count; i++) {
        const struct detail_sum *s = &m->sums[i];
        date_format(s->date, date);
        buf_addf(&out, "%s\t%s\t%s\t%llu\t%llu\t%llu\t%s\t%s\t%s\t%s\t%s\t%d\n", date, s->log, s->currency,
                 (unsigned long long)s->accounts, (unsigned long long)s->postings, (unsigned long long)s->breaks,
                 reconcile_decimal(s->opening, s->scale, a[0]), reconcile_decimal(s->movement, s->scale, a[1]),
                 reconcile_decimal(s->closing, s->scale, a[2]), reconcile_decimal(s->unexplained, s->scale, a[3]),
                 reconcile_decimal(s->adjusted, s->scale, a[4]), s->scale);
    }
    snprintf(path, sizeof path, "%s/detail/sums.tsv", folder);
    bool ok = os_write_file(path, buf_view(&out), st);
    buf_release(&out);
    return ok;
}

/* --- what is carried on --- */

bool detail_first_day(const char *unit_folder, const struct unit *u, int32_t business_date, int32_t *first,
                      struct status *st)
{
    int32_t emptied;
    int year, month, day;
    if (!detail_emptied_read(unit_folder, &emptied, st)) return false;
    date_to_civil(business_date, &year, &month, &day);
    /* Also of a date that is done again after its month was emptied: the generation before it has the days. */
    *first = date_from_civil(year, month, 1);
    if (u->statement && emptied < *first) *first = emptied == DATE_NONE ? DATE_NONE : emptied + 1;
    return true;
}

bool detail_link(const char *old_folder, const char *folder, int32_t first, int32_t business_date, struct arena *arena,
                 struct detail_month *kept, struct status *st)
{
    struct detail_month old;
    *kept = (struct detail_month){0};
    if (!os_make_folder(arena_printf(arena, "%s/detail", folder), st)) return false;
    if (!old_folder) return true;
    if (!detail_month_read(old_folder, arena, &old, st)) return false;
    kept->files = arena_array(arena, const char *, old.files_count + 1);
    kept->sums = arena_array(arena, struct detail_sum, old.sums_count + 1);
    for (int i = 0; i < old.files_count; i++) {
        int32_t date = detail_file_date(old.files[i], NULL);
        if ((first != DATE_NONE && date < first) || date >= business_date) continue;
        if (!os_link_or_copy(arena_printf(arena, "%s/detail/%s", old_folder, old.files[i]),
                             arena_printf(arena, "%s/detail/%s", folder, old.files[i]), st))
            return status_while(st, "carrying on the month's detail");
        kept->files[kept->files_count++] = old.files[i];
    }
    for (int i = 0; i < old.sums_count; i++)
        if ((first == DATE_NONE || old.sums[i].date >= first) && old.sums[i].date < business_date)
            kept->sums[kept->sums_count++] = old.sums[i];
    return true;
}

/* --- emptied --- */

bool detail_emptied_read(const char *unit_folder, int32_t *date, struct status *st)
{
    char path[OS_PATH_MAX];
    struct buf text;
    *date = DATE_NONE;
    snprintf(path, sizeof path, "%s/emptied", unit_folder);
    if (!os_exists(path)) return true;
    buf_init(&text, 4096);
    bool ok = os_read_file(path, &text, st);
    if (ok && !date_parse((struct view){text.bytes, text.length < 10 ? text.length : 10}, date)) {
        status_fail(st, STATUS_CORRUPT, "\"%s\" does not hold the date up to which the detail was emptied", path);
        ok = status_hint(st, "restore it from a backup, or write into it the last day of the last stated month");
    }
    buf_release(&text);
    return ok;
}

bool detail_emptied_write(const char *unit_folder, int32_t date, const char *generation, struct status *st)
{
    char path[OS_PATH_MAX], day[11], text[96];
    snprintf(path, sizeof path, "%s/emptied", unit_folder);
    date_format(date, day);
    int n = snprintf(text, sizeof text, "%s %s\n", day, generation);
    return os_replace_file(path, (struct view){text, (size_t)n}, st);
}
