/* apply: the small lists of a generation that the next night reads, as tables for people and programs.
 *
 *     aliases.tsv     record former                        former identities (record ids of the customer space)
 *     pending.tsv     table record since                   accounts whose owner is not known
 *     redirects.tsv   number to since                      numbers that lead to another customer
 *     events.tsv      event number other                   who entered, left, merged, parted tonight */
#include "etl/apply.h"
#include "etl/integrate.h"

#include "base/date.h"
#include "base/os.h"
#include "etl/tsv.h"

#include <string.h>

static const char *const EVENT_NAMES[] = {"new", "reopened", "parted", "closed", "merged"};

/* A number as everybody outside knows it. */
static unsigned long long full(const struct integrate *in, uint64_t number)
{
    return (unsigned long long)((uint64_t)in->im->unit->number_prefix * 100000000u + number);
}

static void write_pending(const struct integrate *in, struct buf *b)
{
    char date[11];
    buf_add_text(b, "table\trecord\tsince\n");
    for (int t = 0; t < in->im->tables->count; t++)
        for (uint32_t i = 0; i < in->table[t]->pending_count; i++) {
            const struct apply_pending *p = &in->table[t]->pending[i];
            date_format(p->since, date);
            buf_addf(b, "%s\t%u\t%s\n", in->im->tables->table[t].layout->name, p->record, date);
        }
}

bool apply_write(const struct integrate *in, const char *folder, struct status *st)
{
    const struct apply *a = in->apply;
    struct buf b;
    char date[11];
    buf_init(&b, (size_t)1 << 32);
    write_pending(in, &b);
    bool ok = tsv_write(folder, "pending.tsv", &b, st);
    buf_add_text(&b, "record\tformer\n");
    for (uint32_t i = 0; i < a->aliases_count; i++)
        buf_addf(&b, "%u\t%u\n", a->aliases[i].record, a->aliases[i].former);
    ok = ok && tsv_write(folder, "aliases.tsv", &b, st);
    buf_add_text(&b, "number\tto\tsince\n");
    for (uint32_t i = 0; i < a->redirects_count; i++) {
        date_format(a->redirects[i].since, date);
        buf_addf(&b, "%llu\t%llu\t%s\n", full(in, a->redirects[i].number), full(in, a->redirects[i].to), date);
    }
    ok = ok && tsv_write(folder, "redirects.tsv", &b, st);
    buf_add_text(&b, "event\tnumber\tother\n");
    for (uint32_t i = 0; i < a->events_count; i++) {
        buf_addf(&b, "%s\t%llu\t", EVENT_NAMES[a->events[i].kind], full(in, a->events[i].number));
        if (a->events[i].other) buf_addf(&b, "%llu", full(in, a->events[i].other));
        buf_add_text(&b, "\n");
    }
    ok = ok && tsv_write(folder, "events.tsv", &b, st);
    buf_release(&b);
    return ok;
}

/* --- reading --- */

struct line {
    char *field[4];
    int count;
};

/* Cuts the next line at tabs, in place. */
static bool next_line(char **text, struct line *l)
{
    if (!*text || !**text) return false;
    char *end = strchr(*text, '\n');
    if (end) *end++ = 0;
    l->count = 0;
    for (char *p = *text; p && l->count < 4;) {
        l->field[l->count++] = p;
        p = strchr(p, '\t');
        if (p) *p++ = 0;
    }
    *text = end;
    return true;
}

static bool damaged(const char *path, struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "\"%s\" has a line that cannot be read", path);
    return status_hint(st, "find out what else is damaged: crmx generation verify");
}

typedef bool take_line(struct apply *a, const struct tables *tables, const struct line *l);

static bool read_lines(struct apply *a, const struct tables *tables, const char *path, int fields, take_line *take,
                       struct status *st)
{
    struct buf text;
    struct line l;
    if (!os_exists(path)) return true; /* a generation of an older release */
    buf_init(&text, (size_t)1 << 32);
    bool ok = os_read_file(path, &text, st);
    char *at = text.bytes;
    if (ok) next_line(&at, &l); /* the heading */
    while (ok && next_line(&at, &l)) ok = (l.count == fields && take(a, tables, &l)) || damaged(path, st);
    buf_release(&text);
    return ok;
}

static void *more(void *list, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity) return list;
    *capacity = *capacity ? *capacity * 2 : 256;
    list = realloc(list, *capacity * size);
    ensure(list);
    return list;
}

static bool take_alias(struct apply *a, const struct tables *tables, const struct line *l)
{
    (void)tables;
    a->aliases = more(a->aliases, a->aliases_count, &a->aliases_capacity, sizeof *a->aliases);
    a->aliases[a->aliases_count++] =
        (struct apply_alias){(uint32_t)strtoul(l->field[0], NULL, 10), (uint32_t)strtoul(l->field[1], NULL, 10)};
    return true;
}

static bool take_pending(struct apply *a, const struct tables *tables, const struct line *l)
{
    int32_t since;
    if (!date_parse(view_of(l->field[2]), &since)) return false;
    for (int t = 0; t < tables->count; t++) {
        if (strcmp(tables->table[t].layout->name, l->field[0]) != 0) continue;
        uint32_t n = a->pending_count[t];
        if ((n & (n - 1)) == 0) {
            a->pending[t] = realloc(a->pending[t], (n ? 2 * (size_t)n : 1) * sizeof *a->pending[t]);
            ensure(a->pending[t]);
        }
        a->pending[t][a->pending_count[t]++] = (struct apply_pending){(uint32_t)strtoul(l->field[1], NULL, 10), since};
    }
    return true;
}

static bool take_redirect(struct apply *a, const struct tables *tables, const struct line *l)
{
    struct apply_redirect r;
    (void)tables;
    r.number = strtoull(l->field[0], NULL, 10) % 100000000u;
    r.to = strtoull(l->field[1], NULL, 10) % 100000000u;
    if (!date_parse(view_of(l->field[2]), &r.since)) return false;
    a->redirects = more(a->redirects, a->redirects_count, &a->redirects_capacity, sizeof *a->redirects);
    a->redirects[a->redirects_count++] = r;
    return true;
}

bool apply_read_files(struct apply *a, const struct tables *tables, struct arena *arena, struct status *st)
{
    const char *folder = a->old->folder;
    return read_lines(a, tables, arena_printf(arena, "%s/aliases.tsv", folder), 2, take_alias, st) &&
           read_lines(a, tables, arena_printf(arena, "%s/pending.tsv", folder), 3, take_pending, st) &&
           read_lines(a, tables, arena_printf(arena, "%s/redirects.tsv", folder), 3, take_redirect, st);
}
