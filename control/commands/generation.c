/* crmx generation list, verify, show: what is stored of a unit. */
#include "control/show_delivery.h"
#include "control/show_generation.h"
#include "control/show_tsv.h"
#include "etl/compact.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- list --- */

struct summary { /* out of a manifest, without opening the generation */
    const char *date, *kind, *customers;
    uint64_t bytes;
    int files;
};

static bool read_manifest(struct arena *arena, const char *path, struct summary *s, struct status *st)
{
    struct show_tsv t;
    *s = (struct summary){.date = "", .kind = "", .customers = ""};
    bool ok = show_tsv_open_plain(&t, path, 2, st);
    while (ok && show_tsv_next(&t, st)) {
        if (strcmp(t.field[0], "business_date") == 0) s->date = arena_dup(arena, view_of(t.field[1]));
        if (strcmp(t.field[0], "kind") == 0) s->kind = arena_dup(arena, view_of(t.field[1]));
        if (strcmp(t.field[0], "customers") == 0) s->customers = arena_dup(arena, view_of(t.field[1]));
        if (strcmp(t.field[0], "file") != 0) continue;
        s->files++;
        s->bytes += strtoull(t.field[2], NULL, 10);
    }
    show_tsv_close(&t);
    return ok && st->code == STATUS_OK;
}

/* The target that keeps a generation from being pruned; NULL: none. */
static const char *needed_by(const struct keep_list *kept, const char *id)
{
    for (int i = 0; i < kept->count; i++)
        if (strcmp(kept->entry[i].id, id) == 0) return kept->entry[i].needed_by;
    return NULL;
}

/* "83%" of the archived records are in force; NULL: the generation cannot be read. */
static const char *live_share(struct arena *arena, const char *unit_folder, const char *id)
{
    struct generation *g;
    struct compact_share share;
    struct status ignored = {0};
    if (!generation_open(unit_folder, id, &g, &ignored)) return NULL;
    compact_share(g, &share);
    generation_close(g);
    return arena_printf(arena, "%d%%", share.percent);
}

static int run_list(struct command_call *call)
{
    static const char *const COLUMNS[] = {"generation", "business_date", "kind",  "customers", "files",
                                          "bytes",      "in_force",      "state", "needed_by", NULL};
    struct status *st = &call->status;
    const char *unit = show_unit(call, st), **ids;
    int count;
    struct listing rows;
    struct status unknown = {0}; /* a unit file that cannot be read: the list is still wanted */
    struct keep_unit u = {0};
    struct keep_list *kept = arena_new(&call->arena, struct keep_list);
    if (!unit || !show_generations(call, unit, &ids, &count, st)) return command_failed(call);
    if (show_keep_unit(call, unit, &u, &unknown) && !keep_look(&u, KEEP_GENERATIONS_MAX, kept, st))
        return command_failed(call);
    listing_init(&rows, COLUMNS);
    for (int i = count; i-- > 0;) {
        struct summary s;
        struct status one = {0};
        bool ok = read_manifest(&call->arena,
                                arena_printf(&call->arena, "%s/gen/%s/MANIFEST", show_unit_folder(call, unit), ids[i]),
                                &s, &one);
        listing_text(&rows, ids[i]);
        listing_text(&rows, s.date);
        listing_text(&rows, s.kind);
        listing_integer(&rows, atoll(s.customers));
        listing_integer(&rows, s.files);
        listing_integer(&rows, (int64_t)s.bytes);
        listing_text(&rows, live_share(&call->arena, show_unit_folder(call, unit), ids[i]));
        listing_text(&rows, !ok ? "damaged" : i == count - 1 ? "current" : "earlier");
        listing_text(&rows, needed_by(kept, ids[i]));
    }
    listing_print(&rows, &call->output);
    listing_release(&rows);
    if (count == 0 && !call->json && !call->quiet)
        printf("unit %s has no generation yet: crmx run initial --unit %s --date YYYY-MM-DD\n", unit, unit);
    return 0;
}

const struct command command_generation_list = {
    .name = "generation list",
    .summary = "the generations of a unit, newest first",
    .description = "in_force: how many of the archived records, of all nights, the population still points at; below "
                   "archive.live_share pack them: crmx generation compact.",
    .options = (const struct command_value[]){SHOW_UNIT, {0}},
    .examples = "crmx generation list --unit 11",
    .rows = "",
    .run = run_list,
};

/* --- verify --- */

struct verify {
    struct listing rows;
    int files, damaged;
};

static void tell(void *context, const char *file, bool good)
{
    struct verify *v = context;
    v->files++;
    v->damaged += !good;
    listing_text(&v->rows, good ? "ok" : "DAMAGED");
    listing_text(&v->rows, file);
}

static bool open_named(struct command_call *call, struct generation **g, struct status *st)
{
    const char *id = command_text(call, "generation", NULL), *unit = show_unit(call, st);
    if (!id || !unit) return unit && show_generation(call, false, g, st);
    return generation_open(show_unit_folder(call, unit), id, g, st);
}

static int run_verify(struct command_call *call)
{
    static const char *const COLUMNS[] = {"state", "file", NULL};
    struct generation *g = NULL;
    struct verify v = {.files = 0};
    listing_init(&v.rows, COLUMNS);
    bool ok = open_named(call, &g, &call->status) && generation_verify(g, tell, &v, &call->status);
    if (call->json || v.damaged) listing_print(&v.rows, &call->output);
    if (ok && !call->json && !call->quiet)
        printf("generation %s: %d files, all as they were committed\n", g->id, v.files);
    if (!ok && v.damaged)
        status_hint(&call->status, "restore the folder \"%s\" from a backup, or go back a generation", g->folder);
    listing_release(&v.rows);
    generation_close(g);
    return ok ? 0 : command_failed(call);
}

const struct command command_generation_verify = {
    .name = "generation verify",
    .summary = "every file of a generation against its manifest, every segment and archived input against its hashes",
    .arguments =
        (const struct command_value[]){
            {.name = "generation", .type = COMMAND_TEXT, .doc = "its id (default: the current one)"}, {0}},
    .options = (const struct command_value[]){SHOW_UNIT, {0}},
    .examples = "crmx generation verify --unit 11\ncrmx generation verify 2026-10-31.001.1",
    .rows = "",
    .run = run_verify,
};

/* --- show --- */

/* Of the formula of either type, as everywhere. */
static bool hides_computed(const struct show_population *p, const struct output_field *f)
{
    bool hides = false;
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        const struct formula *formula = p->cards.of[t].formula;
        int m = formula && f->source == SOURCE_MEASURE ? formula_measure_find(formula, f->source_name) : -1;
        int r = formula && f->source == SOURCE_RESULT ? formula_result_find(formula, f->source_name) : -1;
        if (m >= 0) hides |= show_hides_text(p, formula, f->source_name, formula_measure_type(formula, m), false);
        if (r >= 0) hides |= show_hides_text(p, formula, f->source_name, formula_result_type(formula, r), r == 0);
    }
    return hides;
}

static bool is_of_class_2(const struct generation *g, const struct output_field *f)
{
    if (f->source == SOURCE_ID_TYPE || f->source == SOURCE_ID_KEY || f->source == SOURCE_RECORD) return true;
    for (int i = 0; f->source == SOURCE_FIELD && i < g->unit->layouts_count; i++) {
        int field = layout_find(g->unit->layouts[i], f->source_name);
        if (field >= 0 && g->unit->layouts[i]->fields[field].data_class >= 2) return true;
    }
    return false;
}

static void show_fields(struct show_population *p, const struct output *o, const unsigned char *record, struct show *s)
{
    static const char *const TYPES[] = {"digits", "amount", "text", "date", "raw"};
    static const char *const COLUMNS[] = {"field", "offset", "length", "type", "value", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < o->fields_count; i++) {
        const struct output_field *f = &o->fields[i];
        struct buf text;
        buf_init(&text, 4 * OUTPUT_RECORD_MAX);
        probe_text(p->records.tool, o->encoding, (struct view){(const char *)record + f->offset, f->length}, &text);
        const char *value = arena_dup(p->arena, text.length ? buf_view(&text) : VIEW_LITERAL(""));
        buf_release(&text);
        bool hides = hides_computed(p, f) || (is_of_class_2(p->g, f) && !p->records.unmask);
        listing_text(&rows, f->name);
        listing_integer(&rows, f->offset);
        listing_integer(&rows, f->length);
        listing_text(&rows, TYPES[f->type]);
        listing_text(&rows, hides ? "(masked)" : arena_printf(p->arena, "|%s|", value));
    }
    show_rows(s, "fields", "fields", &rows);
    listing_release(&rows);
}

static const struct output *find_output(struct show_population *p, const char *name, struct status *st)
{
    const char *list = "";
    for (int i = 0; i < p->g->unit->outputs_count; i++) {
        const struct output *o = p->g->unit->outputs[i];
        if (strcmp(o->name, name) == 0 || strcmp(o->file, name) == 0) return o;
        list = arena_printf(p->arena, "%s%s%s", list, i ? ", " : "", o->name);
    }
    status_fail(st, STATUS_USAGE, "unit %s has no output \"%s\"", p->g->unit->id, name);
    status_hint(st, "its outputs: %s", list);
    return NULL;
}

static bool show_output(struct show_population *p, const char *name, int64_t record, struct status *st)
{
    const struct output *o = find_output(p, name, st);
    struct os_file_identity id;
    if (!o) return false;
    const char *path = arena_printf(p->arena, "%s/out/%s", p->g->folder, o->file);
    int fd = os_open_read(path, st);
    unsigned char *bytes = arena_take(p->arena, o->record_length + 1);
    uint64_t records = 0;
    bool ok = fd >= 0 && os_identify_fd(fd, path, &id, st);
    if (ok) records = id.size / o->record_length;
    if (ok && (uint64_t)record > records) {
        status_fail(st, STATUS_USAGE, "output %s has no record %" PRId64, o->name, record);
        ok = status_hint(st, "it has %" PRIu64 " records", records);
    }
    ok = ok && os_read_at(fd, path, bytes, o->record_length, (uint64_t)(record - 1) * o->record_length, st);
    os_close(fd);
    if (!ok) return false;
    struct show s;
    show_open(&s, &p->call->output);
    show_section(&s, "record", "record %" PRId64 " of output %s", record, o->name);
    show_text(&s, "generation", p->g->id);
    show_textf(&s, "file", "out/%s", o->file);
    show_integer(&s, "records", (int64_t)records);
    show_integer(&s, "byte", (int64_t)((uint64_t)(record - 1) * o->record_length));
    show_fields(p, o, bytes, &s);
    show_print(&s);
    return true;
}

static int run_show(struct command_call *call)
{
    struct show_population *p = arena_new(&call->arena, struct show_population);
    const char *output = command_text(call, "output", NULL);
    int64_t record = command_integer(call, "record", 1);
    const char *looked_at = arena_printf(&call->arena, "generation show %s --record %" PRId64, output, record);
    bool ok =
        show_population_open(p, call, true, looked_at, &call->status) && show_output(p, output, record, &call->status);
    show_population_close(p);
    return ok ? 0 : command_failed(call);
}

const struct command command_generation_show = {
    .name = "generation show",
    .summary = "one record of an output file, field by field",
    .arguments = (const struct command_value[]){{.name = "output",
                                                 .type = COMMAND_TEXT,
                                                 .doc = "output layout or file, such as crm_customer or CRMCUST",
                                                 .required = true},
                                                {0}},
    .options = (const struct command_value[]){{.name = "record",
                                               .letter = 'r',
                                               .type = COMMAND_INTEGER,
                                               .minimum = 1,
                                               .maximum = INT64_MAX,
                                               .doc = "its number in the file, from 1 (default 1)"},
                                              SHOW_UNIT,
                                              SHOW_DATE,
                                              SHOW_UNMASK,
                                              {0}},
    .examples = "crmx generation show crm_customer --record 12",
    .rows = "fields",
    .run = run_show,
};
