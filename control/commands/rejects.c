/* crmx rejects: the records that were refused: of the attempt under way or given up, else of the generation. */
#include "base/date.h"
#include "control/show.h"
#include "control/show_record.h"
#include "control/show_tsv.h"
#include "control/show_unit.h"
#include "etl/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 20, GROUPS_MAX = 4096, BYTES_MAX = 8192 };
static const char *const TSV[] = {"file", "line", "offset", "length", "reason", "field", "raw", NULL};

struct group { /* of the summary: file, reason, field */
    const char *file, *reason, *field;
    int64_t count;
};

struct look {
    struct command_call *call;
    struct arena *arena;
    const char *unit_id, *what, *folder, *param; /* "attempt 2026-10-31.001.1"; where rejects.tsv and the layouts lie */
    struct unit *unit;                           /* as frozen; NULL: nothing can be told of the fields */
    struct show_record records;
    struct group groups[GROUPS_MAX];
    int groups_count;
    int64_t total, matching, left;
    struct listing rows;
    struct status *st;
};

/* --- whose rejects --- */

static bool choose_attempt(struct look *l, const struct show_attempt *a)
{
    l->what = arena_printf(l->arena, "attempt %s", a->id);
    l->folder = arena_printf(l->arena, "%s/gen.tmp", a->folder);
    l->param = arena_printf(l->arena, "%s/param", a->folder);
    if (os_exists(arena_printf(l->arena, "%s/rejects.tsv", l->folder))) return true;
    status_fail(l->st, STATUS_USAGE, "attempt %s of unit %s has not come to its rejects: it has not read its files",
                a->id, l->unit_id);
    return status_hint(l->st, "see how far it is: crmx status --unit %s", l->unit_id);
}

static bool choose_generation(struct look *l, const char *id)
{
    l->what = arena_printf(l->arena, "generation %s", id);
    l->folder = arena_printf(l->arena, "%s/gen/%s", show_unit_folder(l->call, l->unit_id), id);
    l->param = arena_printf(l->arena, "%s/param", l->folder);
    return true;
}

static const char *latest_of(const char *const *ids, int count, int32_t date)
{
    char text[11];
    const char *found = NULL;
    date_format(date, text);
    for (int i = 0; i < count; i++)
        if (date == DATE_NONE || strncmp(ids[i], text, 10) == 0) found = ids[i];
    return found;
}

/* --date: that generation. --attempt: the latest attempt. Neither: an attempt that is not committed, else the current
 * one. */
static bool choose(struct look *l)
{
    struct show_attempt *attempts;
    const char **ids;
    int attempts_count, ids_count;
    int32_t date = command_date(l->call, "date", DATE_NONE);
    bool by_attempt = command_flag(l->call, "attempt");
    l->unit_id = show_unit(l->call, l->st);
    if (!l->unit_id || !show_attempts(l->call, l->unit_id, &attempts, &attempts_count, l->st) ||
        !show_generations(l->call, l->unit_id, &ids, &ids_count, l->st))
        return false;
    const struct show_attempt *open = show_unfinished(attempts, attempts_count);
    /* A new attempt that has not read its files yet: what the one before it refused is what is being repaired. */
    for (const struct show_attempt *a = open; a && a >= attempts && a->state != ATTEMPT_COMMITTED; a--)
        if (os_exists(arena_printf(l->arena, "%s/gen.tmp/rejects.tsv", a->folder))) {
            open = a;
            break;
        }
    const char *generation = latest_of(ids, ids_count, date);
    if (by_attempt && !open) {
        status_fail(l->st, STATUS_USAGE, "unit %s has no attempt under way or given up", l->unit_id);
        return status_hint(l->st, "the rejects of its generation: crmx rejects --unit %s", l->unit_id);
    }
    if (open && (by_attempt || (date == DATE_NONE && (!generation || strcmp(open->id, generation) > 0))))
        return choose_attempt(l, open);
    if (generation) return choose_generation(l, generation);
    status_fail(l->st, STATUS_USAGE,
                date == DATE_NONE ? "unit %s has neither a generation nor an attempt"
                                  : "unit %s has no generation of that date",
                l->unit_id);
    return status_hint(l->st, "see what it has: crmx generation list --unit %s; crmx status --unit %s", l->unit_id,
                       l->unit_id);
}

/* --- a record's bytes --- */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "\x09" back to its byte. */
static size_t unescape(const char *text, unsigned char *out, size_t most)
{
    size_t n = 0;
    for (const char *p = text; *p && n < most; n++) {
        if (p[0] == '\\' && p[1] == 'x' && hex(p[2]) >= 0 && hex(p[3]) >= 0) {
            out[n] = (unsigned char)(hex(p[2]) * 16 + hex(p[3]));
            p += 4;
        } else {
            out[n] = (unsigned char)*p++;
        }
    }
    return n;
}

/* The layout of a file: the inputs are not at hand for every attempt, the reason and field names decide nothing, the
 * patterns of its name do. */
static const struct layout *layout_of(struct look *l, const char *file)
{
    for (int i = 0; l->unit && i < l->unit->layouts_count; i++) {
        const struct layout *y = l->unit->layouts[i];
        for (int k = 0; k < y->patterns_count; k++)
            if (show_matches(y->patterns[k], l->unit->id, file)) return y;
    }
    return NULL;
}

static const char *raw_text(struct look *l, const char *file, const char *raw, uint64_t length)
{
    const struct layout *y = layout_of(l, file);
    unsigned char *bytes = arena_take(l->arena, BYTES_MAX);
    size_t n = unescape(raw, bytes, BYTES_MAX);
    if (!y) return l->records.unmask ? raw : "(its layout is not known: not shown)";
    if (n != length) return "(longer than what is kept)";
    return show_record_bytes(&l->records, y, (struct view){(const char *)bytes, n});
}

/* --- reading --- */

static bool is_wanted(const struct look *l, const struct show_tsv *t)
{
    const char *file = command_text(l->call, "file", NULL), *reason = command_text(l->call, "reason", NULL);
    return (!file || show_matches(file, l->unit_id, t->field[0])) && (!reason || strcmp(reason, t->field[4]) == 0);
}

static void count(struct look *l, const struct show_tsv *t)
{
    for (int i = l->groups_count; i-- > 0;) {
        struct group *g = &l->groups[i];
        if (strcmp(g->file, t->field[0]) || strcmp(g->reason, t->field[4]) || strcmp(g->field, t->field[5])) continue;
        g->count++;
        return;
    }
    if (l->groups_count == GROUPS_MAX) return;
    l->groups[l->groups_count++] =
        (struct group){arena_dup(l->arena, view_of(t->field[0])), arena_dup(l->arena, view_of(t->field[4])),
                       arena_dup(l->arena, view_of(t->field[5])), 1};
}

static void add_row(struct look *l, const struct show_tsv *t)
{
    listing_text(&l->rows, t->field[0]);
    listing_integer(&l->rows, atoll(t->field[1]));
    listing_integer(&l->rows, atoll(t->field[2]));
    listing_integer(&l->rows, atoll(t->field[3]));
    listing_text(&l->rows, t->field[4]);
    listing_text(&l->rows, t->field[5][0] ? t->field[5] : NULL);
    listing_text(&l->rows, raw_text(l, t->field[0], t->field[6], strtoull(t->field[3], NULL, 10)));
}

static bool read_rejects(struct look *l)
{
    struct show_tsv t;
    bool ok = show_tsv_open(&t, arena_printf(l->arena, "%s/rejects.tsv", l->folder), TSV, l->st);
    while (ok && show_tsv_next(&t, l->st)) {
        l->total++;
        if (!is_wanted(l, &t)) continue;
        l->matching++;
        count(l, &t);
        if (l->left-- > 0) add_row(l, &t);
    }
    show_tsv_close(&t);
    return ok && l->st->code == STATUS_OK;
}

/* For programs a row for each file, reason and field; for people one for each file: "SRC 2, STATUS 1 …". */
static void summarize(struct look *l, struct listing *summary)
{
    static const char *const JSON[] = {"file", "reason", "field", "records", NULL}, *const TEXT[] = {"file", "records",
                                                                                                     "reasons", NULL};
    bool json = l->call->json;
    listing_init(summary, json ? JSON : TEXT);
    for (int i = 0, next; i < l->groups_count; i = next) {
        const struct group *g = &l->groups[i];
        const char *reasons = "";
        int64_t records = 0;
        next = i + 1;
        if (json) {
            listing_text(summary, g->file);
            listing_text(summary, g->reason);
            listing_text(summary, g->field[0] ? g->field : NULL);
            listing_integer(summary, g->count);
            continue;
        }
        for (next = i; next < l->groups_count && strcmp(l->groups[next].file, g->file) == 0; next++) {
            struct group *x = &l->groups[next];
            records += x->count;
            /* Several fields may share a reason: it is named once. */
            for (int k = next + 1; k < l->groups_count && strcmp(l->groups[k].file, g->file) == 0; k++)
                if (x->count && strcmp(l->groups[k].reason, x->reason) == 0) {
                    x->count += l->groups[k].count;
                    records += l->groups[k].count;
                    l->groups[k].count = 0;
                }
            if (x->count)
                reasons =
                    arena_printf(l->arena, "%s%s%s %" PRId64, reasons, reasons[0] ? ", " : "", x->reason, x->count);
        }
        listing_text(summary, g->file);
        listing_integer(summary, records);
        listing_text(summary, reasons);
    }
}

static void print(struct look *l, int64_t shown)
{
    struct show s;
    struct listing summary;
    show_open(&s, &l->call->output);
    if (s.json) {
        show_section(&s, "rejects", "rejects");
        show_text(&s, "of", l->what);
        show_text(&s, "unit", l->unit_id);
        show_integer(&s, "records", l->matching);
    }
    summarize(l, &summary);
    show_rows(&s, "summary",
              arena_printf(l->arena, "rejects of unit %s, %s: %" PRId64, l->unit_id, l->what, l->matching), &summary);
    show_rows(&s, "rows", "records", &l->rows);
    if (l->matching == 0)
        show_line(&s, "unit %s, %s: no rejects%s", l->unit_id, l->what, l->total ? " of this file and reason" : "");
    else if (l->matching > shown && shown)
        show_line(&s,
                  "\n%" PRId64 " of %" PRId64 " shown; all: --count %" PRId64 "; one kind: --file NAME --reason CODE",
                  shown, l->matching, l->matching);
    listing_release(&summary);
    show_print(&s);
}

static int run(struct command_call *call)
{
    static const char *const COLUMNS[] = {"file", "line", "byte", "length", "reason", "field", "bytes", NULL};
    struct look *l = arena_new(&call->arena, struct look);
    struct status ignored = {0};
    int64_t wanted = command_integer(call, "count", COUNT);
    *l = (struct look){.call = call, .arena = &call->arena, .left = wanted, .st = &call->status};
    if (!choose(l)) return command_failed(call);
    if (!unit_load(l->param, l->unit_id, l->arena, &l->unit, &ignored)) l->unit = NULL;
    show_record_open(&l->records, call, arena_printf(l->arena, "rejects of unit %s, %s", l->unit_id, l->what));
    listing_init(&l->rows, COLUMNS);
    bool ok = read_rejects(l);
    if (ok) print(l, l->rows.rows);
    listing_release(&l->rows);
    show_record_close(&l->records);
    return ok ? 0 : command_failed(call);
}

const struct command command_rejects = {
    .name = "rejects",
    .summary = "the records that were refused, by file and reason, and one by one",
    .description = "Of an attempt that is under way or was given up, else of the current generation; --date names "
                   "another generation, "
                   "--attempt insists on the attempt. Why a record was refused, field by field: crmx probe FILE "
                   "--layout L --record LINE.",
    .options =
        (const struct command_value[]){
            SHOW_UNIT,
            SHOW_DATE,
            {.name = "attempt", .letter = 'a', .type = COMMAND_FLAG, .doc = "of the attempt that is not committed"},
            {.name = "file",
             .letter = 'f',
             .type = COMMAND_TEXT,
             .placeholder = "NAME",
             .doc = "only of this file; * stands for anything"},
            {.name = "reason",
             .letter = 'r',
             .type = COMMAND_TEXT,
             .placeholder = "CODE",
             .doc = "only for this reason"},
            {.name = "count",
             .letter = 'n',
             .type = COMMAND_INTEGER,
             .minimum = 0,
             .maximum = 10000000,
             .doc = "how many records are shown (default 20)"},
            SHOW_UNMASK,
            {0}},
    .examples = "crmx rejects\ncrmx rejects --unit 11 --file 'RTLACCT*' --reason BAL --count 100\ncrmx rejects "
                "--attempt --json",
    .rows = "summary rows",
    .run = run,
};
