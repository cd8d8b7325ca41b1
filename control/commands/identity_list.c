/* crmx identity list: what identity matching wants looked at (notes.tsv of a generation). */
#include "control/show_generation.h"
#include "control/show_tsv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 5, COUNT = 20 };
static const char *const KIND_NAMES[] = {"same-id-different-name",       "too-many-records-on-one-id",
                                         "wrong-check-digit-kept-apart", "placeholder-number",
                                         "source-number-twice",          NULL};
static const char *const MEANINGS[] = {"the same ID, another name: kept apart until somebody decides",
                                       "an ID on more records than hold_above: none of them joined",
                                       "a wrong check digit, and name or birth differ: kept apart",
                                       "a number clerks type when there is none: identifies nobody",
                                       "a source number twice in one system: the later change counts"};
static const char *const NOTES[] = {"kind",         "system",     "file",         "offset",
                                    "other_system", "other_file", "other_offset", NULL};

struct list {
    struct show_population *p;
    struct listing rows;
    int64_t counts[KINDS], left, total;
    int kind; /* -1: only counted */
    struct status *st;
};

static const struct input_file *find_file(const struct generation *g, const char *name)
{
    for (int i = 0; i < g->inputs.files_count; i++)
        if (strcmp(g->inputs.files[i].name, name) == 0) return &g->inputs.files[i];
    return NULL;
}

/* system, source number, customer, name and ID of one of the two records; blanks when there is none. */
static bool add_record(struct list *l, const char *file, const char *offset)
{
    struct show_population *p = l->p;
    const struct input_file *f = find_file(p->g, file);
    struct lookup_record r;
    struct lookup_hits hits;
    if (!f) {
        for (int i = 0; i < 6; i++) listing_text(&l->rows, NULL);
        return true;
    }
    if (!lookup_record(p->g, -1, input_record_id(f, strtoull(offset, NULL, 10)), p->arena, &r, l->st)) return false;
    struct view source = decode_text(f->layout, f->layout->role_field[ROLE_SOURCE_NO], r.bytes);
    if (!lookup_source(p->g, p->g->unit->layout_system[f->layout_index], source, &hits, l->st)) return false;
    listing_text(&l->rows, show_system(p, f->layout_index));
    listing_text(&l->rows, show_role(p, &r, ROLE_SOURCE_NO));
    listing_text(&l->rows, hits.count ? show_number(p, hits.hit[0].number) : NULL);
    listing_text(&l->rows, show_role(p, &r, ROLE_NAME));
    listing_text(&l->rows, show_role(p, &r, ROLE_ID_TYPE));
    listing_text(&l->rows, show_role(p, &r, ROLE_ID_NO));
    return true;
}

static bool read_notes(struct list *l)
{
    struct show_tsv t;
    bool ok = show_tsv_open(&t, arena_printf(l->p->arena, "%s/notes.tsv", l->p->g->folder), NOTES, l->st);
    while (ok && show_tsv_next(&t, l->st)) {
        for (int k = 0; k < KINDS; k++) l->counts[k] += strcmp(t.field[0], KIND_NAMES[k]) == 0;
        if (l->kind < 0 || strcmp(t.field[0], KIND_NAMES[l->kind]) != 0 || l->left-- <= 0) continue;
        ok = add_record(l, t.field[2], t.field[3]) && add_record(l, t.field[5], t.field[6]);
    }
    show_tsv_close(&t);
    return ok && l->st->code == STATUS_OK;
}

static void print_counts(const struct list *l)
{
    static const char *const COLUMNS[] = {"kind", "records", "meaning", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int k = 0; k < KINDS; k++) {
        listing_text(&rows, KIND_NAMES[k]);
        listing_integer(&rows, l->counts[k]);
        listing_text(&rows, MEANINGS[k]);
    }
    listing_print(&rows, &l->p->call->output);
    listing_release(&rows);
}

static void print_rows(struct list *l, int64_t shown)
{
    struct show s;
    show_open(&s, &l->p->call->output);
    l->rows.hide_empty = true;
    show_rows(&s, "notes", arena_printf(l->p->arena, "%s: %s", KIND_NAMES[l->kind], MEANINGS[l->kind]), &l->rows);
    if (l->counts[l->kind] == 0) show_line(&s, "generation %s has none of kind %s", l->p->g->id, KIND_NAMES[l->kind]);
    if (l->counts[l->kind] > shown)
        show_line(&s, "\n%" PRId64 " of %" PRId64 " shown; all: --count %" PRId64, shown, l->counts[l->kind],
                  l->counts[l->kind]);
    show_print(&s);
}

static int run(struct command_call *call)
{
    static const char *const COLUMNS[] = {
        "system",          "source_no",      "customer",   "name",          "id_type",     "id_no", "other_system",
        "other_source_no", "other_customer", "other_name", "other_id_type", "other_id_no", NULL};
    struct show_population *p = arena_new(&call->arena, struct show_population);
    int64_t count = command_integer(call, "count", COUNT);
    struct list l = {.p = p, .left = count, .kind = command_choice(call, "kind", -1), .st = &call->status};
    listing_init(&l.rows, COLUMNS);
    bool ok = show_population_open(p, call, true, "identity list", &call->status) && read_notes(&l);
    if (ok && l.kind < 0)
        print_counts(&l);
    else if (ok)
        print_rows(&l, count < l.counts[l.kind] ? count : l.counts[l.kind]);
    listing_release(&l.rows);
    show_population_close(p);
    return ok ? 0 : command_failed(call);
}

const struct command command_identity_list = {
    .name = "identity list",
    .summary = "what identity matching wants looked at: same ID and different name, and the like",
    .description = "Without --kind: how many of each kind. With it: the records, in pairs where there is another one.",
    .options = (const struct command_value[]){{.name = "kind",
                                               .letter = 'k',
                                               .type = COMMAND_CHOICE,
                                               .placeholder = "KIND",
                                               .words = KIND_NAMES,
                                               .doc = "what to list"},
                                              {.name = "count",
                                               .letter = 'c',
                                               .type = COMMAND_INTEGER,
                                               .minimum = 1,
                                               .maximum = 1000000,
                                               .doc = "how many (default 20)"},
                                              SHOW_UNIT,
                                              SHOW_DATE,
                                              SHOW_UNMASK,
                                              {0}},
    .examples = "crmx identity list\ncrmx identity list --kind same-id-different-name --unmask",
    .rows = "notes",
    .run = run,
};
