#include "control/show_totals.h"

#include "control/show_tsv.h"

#include <stdlib.h>
#include <string.h>

enum { TOTALS_MAX = 65536, TOTALS_FIRST = 512 };

static struct show_sum read_sum(const char *text)
{
    struct show_sum m = {0, 0};
    const char *point = strchr(text, '.');
    for (const char *p = text; *p; p++)
        if (*p >= '0' && *p <= '9') m.value = m.value * 10 + (*p - '0');
    if (*text == '-') m.value = -m.value;
    m.scale = point ? (int)strlen(point + 1) : 0;
    return m;
}

void show_sum_add(struct show_sum *to, struct show_sum x)
{
    for (; to->scale < x.scale; to->scale++) to->value *= 10;
    for (; x.scale < to->scale; x.scale++) x.value *= 10;
    to->value += x.value;
}

static struct show_total *next_line(struct show_totals *t, int *room)
{
    if (t->count == *room) {
        *room = *room ? 2 * *room : TOTALS_FIRST;
        struct show_total *list = arena_array(t->arena, struct show_total, *room);
        if (t->count) memcpy(list, t->list, (size_t)t->count * sizeof *list);
        t->list = list;
    }
    return &t->list[t->count++];
}

bool show_totals_read(struct show_totals *t, struct arena *arena, const char *folder, struct status *st)
{
    static const char *const COLUMNS[] = {"step", "name", "currency", "records", "amount", NULL};
    struct show_tsv file;
    int room = 0;
    *t = (struct show_totals){.arena = arena};
    bool ok = show_tsv_open(&file, arena_printf(arena, "%s/totals.tsv", folder), COLUMNS, st);
    while (ok && t->count < TOTALS_MAX && show_tsv_next(&file, st)) {
        struct show_total *line = next_line(t, &room);
        line->name = arena_dup(arena, view_of(file.field[1]));
        line->currency = arena_dup(arena, view_of(file.field[2]));
        line->records = atoll(file.field[3]);
        line->amount = read_sum(file.field[4]);
    }
    show_tsv_close(&file);
    return ok && st->code == STATUS_OK;
}

const struct show_total *show_total_find(const struct show_totals *t, const char *name, const char *currency)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->list[i].name, name) == 0 && strcmp(t->list[i].currency, currency) == 0) return &t->list[i];
    return NULL;
}

int64_t show_total_records(const struct show_totals *t, const char *name, const char *what)
{
    const struct show_total *line =
        show_total_find(t, arena_printf(t->arena, "%s%s%s", name, what[0] ? "." : "", what), "");
    return line ? line->records : 0;
}

struct show_sum show_total_amount(const struct show_totals *t, const char *name, const char *what, const char *currency)
{
    const struct show_total *line = show_total_find(t, arena_printf(t->arena, "%s.%s", name, what), currency);
    return line ? line->amount : (struct show_sum){0, 0};
}
