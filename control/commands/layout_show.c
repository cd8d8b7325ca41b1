/* crmx layout show, crmx layout list: what the input layouts say. */
#include "control/show.h"
#include "control/show_unit.h"
#include "etl/probe_value.h"

#include <stdio.h>
#include <string.h>

static const char *const ENCODINGS[] = {"utf-8", "gb18030"}, *const LINE_ENDS[] = {"lf", "crlf", "any", "none"};
static const char *const COMPLETES[] = {"none", "trailer", "ctl", "ok", "stable"}, *const EXPECTS[] = {"one", "many",
                                                                                                       "optional"};
static const char *const KEEPS[] = {"cold", "hot", "drop"};

static const char *joined(struct arena *arena, const char *const *words, int count)
{
    const char *text = "";
    for (int i = 0; i < count; i++) text = arena_printf(arena, "%s%s%s", text, i ? " " : "", words[i]);
    return text;
}

/* --- show --- */

static void show_head(struct show *s, const struct layout *l)
{
    show_section(s, "layout", "layout %s", l->name);
    if (s->json) show_text(s, "name", l->name);
    show_text(s, "class", layout_class_name(l));
    show_text(s, "system", l->system);
    show_text(s, "files", joined(&s->arena, l->patterns, l->patterns_count));
    show_text(s, "encoding", ENCODINGS[l->encoding]);
    show_integer(s, "record_length", l->record_length);
    show_text(s, "line_end", LINE_ENDS[l->line_end]);
    if (l->complete == LAYOUT_COMPLETE_STABLE)
        show_textf(s, "complete", "stable %d", l->stable_seconds);
    else
        show_text(s, "complete", COMPLETES[l->complete]);
    show_text(s, "expect", EXPECTS[l->expect]);
    show_textf(s, "reject_limit", "%g%%", (double)l->reject_limit_ppm / 1e4);
    show_textf(s, "length_reason", "%s", l->reasons[0]);
}

static void show_mark(struct show *s, const struct layout *l, const char *name, const struct layout_mark *m)
{
    if (!m->present) return;
    show_section(s, name, "%s record", name);
    show_textf(s, "match", "\"%s\" at %u", m->match, m->match_offset);
    if (m->date_length) show_textf(s, "date", "%u %u", m->date_offset, m->date_length);
    if (m->unit_length) show_textf(s, "unit", "%u %u", m->unit_offset, m->unit_length);
    if (m->records_length) show_textf(s, "records", "%u %u", m->records_offset, m->records_length);
    if (m->sum_field >= 0)
        show_textf(s, "sum", "of %s at %u %u", l->fields[m->sum_field].name, m->sum_offset, m->sum_length);
}

static void show_fields(struct show *s, const struct layout *l)
{
    static const char *const COLUMNS[] = {"check",  "field", "offset", "length", "type",
                                          "reason", "role",  "keep",   "data",   NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < l->fields_count; i++) {
        const struct layout_field *f = &l->fields[i];
        struct buf type;
        buf_init(&type, 65536);
        probe_type(l, i, &type);
        listing_integer(&rows, i + 1);
        listing_text(&rows, f->name);
        listing_integer(&rows, f->offset);
        listing_integer(&rows, f->length);
        listing_text(&rows, type.bytes);
        listing_text(&rows, l->reasons[f->reason]);
        listing_text(&rows, f->role == ROLE_NONE ? NULL : LAYOUT_ROLE_NAMES[f->role]);
        listing_text(&rows, KEEPS[f->keep]);
        listing_text(&rows, arena_printf(&s->arena, "C%d", f->data_class));
        buf_release(&type);
    }
    show_rows(s, "fields", "fields, in the order of their checks", &rows);
    listing_release(&rows);
}

/* Bytes of the record that no field covers: a hole in a layout is often a field somebody forgot. */
static void show_holes(struct show *s, const struct layout *l)
{
    static const char *const COLUMNS[] = {"offset", "length", NULL};
    char *covered = arena_take(&s->arena, l->record_length + 1);
    struct listing rows;
    for (int i = 0; i < l->fields_count; i++) memset(covered + l->fields[i].offset, 1, l->fields[i].length);
    listing_init(&rows, COLUMNS);
    for (uint32_t at = 0, end; at < l->record_length; at = end) {
        for (end = at; end < l->record_length && covered[end] == covered[at]; end++) {}
        if (covered[at]) continue;
        listing_integer(&rows, at);
        listing_integer(&rows, end - at);
    }
    show_rows(s, "holes", "bytes that no field covers", &rows);
    listing_release(&rows);
}

static int run_show(struct command_call *call)
{
    const char *name = command_text(call, "name", NULL), *path = command_path(call, "layouts/%s.ini", name);
    struct layout *l;
    struct show s;
    if (!os_exists(path)) {
        status_fail(&call->status, STATUS_USAGE, "there is no layout \"%s\": \"%s\" does not exist", name, path);
        status_hint(&call->status, "all layouts: crmx layout list");
        return command_failed(call);
    }
    if (!layout_load(path, name, &call->arena, &l, &call->status)) return command_failed(call);
    show_open(&s, &call->output);
    show_head(&s, l);
    show_mark(&s, l, "header", &l->header);
    show_mark(&s, l, "trailer", &l->trailer);
    show_fields(&s, l);
    show_holes(&s, l);
    show_print(&s);
    return 0;
}

const struct command command_layout_show = {
    .name = "layout show",
    .summary = "the fields of an input layout, in the order in which they are checked",
    .arguments =
        (const struct command_value[]){
            {.name = "name", .type = COMMAND_TEXT, .doc = "the layout (layouts/NAME.ini)", .required = true}, {0}},
    .examples = "crmx layout show retail_account",
    .rows = "fields holes",
    .run = run_show,
};

/* --- list --- */

struct list {
    struct command_call *call;
    struct listing rows;
};

static bool list_layout(void *context, const char *file)
{
    struct list *l = context;
    struct arena *arena = &l->call->arena;
    struct layout *layout;
    struct status st = {0};
    size_t length = strlen(file);
    if (file[0] == '.' || length < 5 || strcmp(file + length - 4, ".ini") != 0) return true;
    const char *name = arena_dup(arena, (struct view){file, length - 4});
    bool ok = layout_load(command_path(l->call, "layouts/%s", file), name, arena, &layout, &st);
    listing_text(&l->rows, name);
    listing_text(&l->rows, ok ? layout_class_name(layout) : "wrong: crmx layout check");
    listing_text(&l->rows, ok ? layout->system : NULL);
    if (ok)
        listing_integer(&l->rows, layout->record_length);
    else
        listing_text(&l->rows, NULL);
    listing_text(&l->rows, ok ? ENCODINGS[layout->encoding] : NULL);
    listing_text(&l->rows, ok ? joined(arena, layout->patterns, layout->patterns_count) : NULL);
    return true;
}

static int run_list(struct command_call *call)
{
    static const char *const COLUMNS[] = {"layout", "class", "system", "bytes", "encoding", "files", NULL};
    struct list l = {.call = call};
    listing_init(&l.rows, COLUMNS);
    const char *folder = command_path(call, "layouts");
    bool ok = !os_exists(folder) || os_list(folder, list_layout, &l, &call->status);
    if (ok) listing_print(&l.rows, &call->output);
    listing_release(&l.rows);
    return ok ? 0 : command_failed(call);
}

const struct command command_layout_list = {
    .name = "layout list",
    .summary = "the input layouts of the working folder",
    .rows = "",
    .run = run_list,
};
