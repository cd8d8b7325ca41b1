/* gate, what is kept: judgements as a table, decisions as a journal. */
#include "base/date.h"
#include "etl/gate.h"
#include "etl/journal.h"
#include "etl/tsv.h"

#include <stdio.h>
#include <string.h>

static const char HEAD[] = "gate\texpected\tfound\tdeviation\tlimit\tverdict\tby\ttime\treason";
const char *const GATE_VERDICT_NAMES[] = {"passed", "held", "accepted", NULL};
static const char SEPARATOR[] = " | "; /* of the parts of a decision; the reason comes last and may hold it */

void gate_add(struct gates *g, const struct gate *one)
{
    if (g->count == g->capacity) {
        g->capacity = g->capacity ? g->capacity * 2 : 64;
        struct gate *more = arena_array(g->arena, struct gate, g->capacity);
        if (g->count) memcpy(more, g->list, (size_t)g->count * sizeof *more);
        g->list = more;
    }
    struct gate *to = &g->list[g->count++];
    *to = *one;
    if (!to->by) to->by = to->time = to->reason = "";
    g->held += to->verdict == GATE_HELD;
}

static void path_of(const char *unit_folder, int32_t business_date, const char *ending, char path[OS_PATH_MAX])
{
    char date[11];
    date_format(business_date, date);
    snprintf(path, OS_PATH_MAX, "%s/gate/%s.%s", unit_folder, date, ending);
}

/* --- judgements --- */

static bool read_line(void *context, char *field[], struct status *st)
{
    struct gates *g = context;
    struct gate one = {.verdict = GATE_HELD};
    const char **to[] = {&one.name, &one.expected, &one.found, &one.deviation, &one.limit,
                         NULL,      &one.by,       &one.time,  &one.reason};
    for (int i = 0; i < 9; i++)
        if (to[i]) *to[i] = arena_dup(g->arena, view_of(field[i]));
    for (int i = 0; GATE_VERDICT_NAMES[i]; i++)
        if (strcmp(field[5], GATE_VERDICT_NAMES[i]) == 0) one.verdict = (enum gate_verdict)i;
    (void)st;
    gate_add(g, &one);
    return true;
}

bool gate_read(const char *unit_folder, int32_t business_date, struct arena *arena, struct gates *out, bool *there,
               struct status *st)
{
    char path[OS_PATH_MAX];
    path_of(unit_folder, business_date, "tsv", path);
    *out = (struct gates){.arena = arena};
    *there = os_exists(path);
    return !*there || tsv_read(path, HEAD, read_line, out, st);
}

bool gate_read_generation(const char *folder, struct arena *arena, struct gates *out, bool *there, struct status *st)
{
    char path[OS_PATH_MAX];
    snprintf(path, sizeof path, "%s/gates.tsv", folder);
    *out = (struct gates){.arena = arena};
    *there = os_exists(path);
    return !*there || tsv_read(path, HEAD, read_line, out, st);
}

static void print(const struct gates *g, struct buf *b)
{
    buf_addf(b, "%s\n", HEAD);
    for (int i = 0; i < g->count; i++) {
        const struct gate *o = &g->list[i];
        buf_addf(b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", o->name, o->expected, o->found, o->deviation, o->limit,
                 GATE_VERDICT_NAMES[o->verdict], o->by, o->time, o->reason);
    }
}

bool gate_write(const char *unit_folder, int32_t business_date, const struct gates *g, struct status *st)
{
    char folder[OS_PATH_MAX], path[OS_PATH_MAX];
    struct buf b;
    snprintf(folder, sizeof folder, "%s/gate", unit_folder);
    path_of(unit_folder, business_date, "tsv", path);
    buf_init(&b, TSV_FILE_MAX);
    print(g, &b);
    bool ok = os_make_folder(folder, st) && os_replace_file(path, buf_view(&b), st);
    buf_release(&b);
    return ok;
}

bool gate_write_generation(const char *folder, const struct gates *g, struct status *st)
{
    char path[OS_PATH_MAX];
    struct buf b;
    snprintf(path, sizeof path, "%s/gates.tsv", folder);
    buf_init(&b, TSV_FILE_MAX);
    print(g, &b);
    bool ok = os_write_file(path, buf_view(&b), st);
    buf_release(&b);
    return ok;
}

/* --- decisions --- */

/* The part up to the next separator; `rest` is behind it. */
static struct view part(struct view *rest)
{
    const char *end = rest->length ? memmem(rest->bytes, rest->length, SEPARATOR, strlen(SEPARATOR)) : NULL;
    struct view v = {rest->bytes, end ? (size_t)(end - rest->bytes) : rest->length};
    size_t used = end ? v.length + strlen(SEPARATOR) : rest->length;
    *rest = (struct view){rest->bytes + used, rest->length - used};
    return v;
}

static bool is_decided(const struct gate *g, const char *detail, struct view *by, struct view *reason)
{
    struct view rest = view_of(detail);
    if (!view_is(part(&rest), g->name) || !view_is(part(&rest), g->expected) || !view_is(part(&rest), g->found))
        return false;
    *by = part(&rest);
    *reason = rest;
    return true;
}

bool gate_apply_decisions(const char *unit_folder, int32_t business_date, struct gates *g, struct status *st)
{
    char path[OS_PATH_MAX];
    path_of(unit_folder, business_date, "decisions", path);
    if (!g->held || !os_exists(path)) return true;
    struct journal *j = journal_read(path, st);
    if (!j) return status_while(st, "reading the decisions on gates");
    for (int i = 0; i < g->count; i++)
        for (int k = journal_count(j); g->list[i].verdict == GATE_HELD && k-- > 0;) {
            const struct journal_event *e = journal_event(j, k);
            struct view by, reason;
            if (!is_decided(&g->list[i], e->detail, &by, &reason)) continue;
            g->list[i].verdict = GATE_ACCEPTED;
            g->list[i].by = arena_dup(g->arena, by);
            g->list[i].time = arena_dup(g->arena, view_of(e->time));
            g->list[i].reason = arena_dup(g->arena, reason);
            g->held--;
        }
    journal_close(j);
    return true;
}

bool gate_decide(const char *unit_folder, int32_t business_date, const struct gate *gate, const char *by,
                 const char *reason, struct status *st)
{
    char path[OS_PATH_MAX];
    struct buf detail;
    path_of(unit_folder, business_date, "decisions", path);
    if (strstr(by, SEPARATOR))
        return status_fail(st, STATUS_USAGE, "the name \"%s\" may not hold \"%s\"", by, SEPARATOR);
    struct journal *j = journal_open(path, st);
    if (!j) return false;
    buf_init(&detail, 65536);
    buf_addf(&detail, "%s%s%s%s%s%s%s%s%s", gate->name, SEPARATOR, gate->expected, SEPARATOR, gate->found, SEPARATOR,
             by, SEPARATOR, reason);
    bool ok = journal_append(j, 90, "accepted", detail.bytes, st);
    buf_release(&detail);
    journal_close(j);
    return ok;
}
