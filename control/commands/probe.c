/* crmx probe: looks into a source file with a layout, before a run meets it. */
#include "etl/probe.h"

#include "base/date.h"
#include "control/show.h"
#include "control/show_record.h"
#include "control/show_unit.h"
#include "etl/probe_rates.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct look {
    struct command_call *call;
    struct arena *arena;
    const char *path, *name; /* name: without folders */
    struct unit *unit;       /* NULL: none could be told */
    struct layout *layout;
    struct probe_rates rates;
    int32_t date;
    const char *date_from;
    struct probe_reader *reader;
    struct show_record records;
    struct status *st;
};

/* --- what is looked at --- */

/* The first eight digits in the name that are a day, as RTLCUST.1101.20261031 has them. */
static bool date_in_name(const char *name, int32_t *date)
{
    for (const char *p = name; *p; p += *p != 0) {
        size_t n = strspn(p, "0123456789");
        if (n == 8 && date_parse((struct view){p, 8}, date)) return true;
        p += n ? n - 1 : 0;
    }
    return false;
}

static void choose_date(struct look *l)
{
    struct generation_current current;
    struct status ignored = {0};
    bool there = false;
    l->date = command_date(l->call, "date", DATE_NONE);
    l->date_from = "--date";
    if (l->date != DATE_NONE) return;
    l->date_from = "in the file's name";
    if (date_in_name(l->name, &l->date)) return;
    l->date_from = "of the current generation";
    if (l->unit && generation_current_read(show_unit_folder(l->call, l->unit->id), &current, &there, &ignored) &&
        there && date_parse((struct view){current.id, 10}, &l->date))
        return;
    /* Nothing to compare with: every day counts as past. */
    l->date = date_from_civil(DATE_YEAR_MAX, 12, 31);
    l->date_from = NULL;
}

/* A unit is welcome (rates, what header and trailer must say), but a layout can be tried before there is one. */
static bool choose_unit(struct look *l)
{
    struct status ignored = {0};
    bool given = command_given(l->call, "unit");
    const char *id = show_unit(l->call, given ? l->st : &ignored);
    if (!id) return !given;
    return unit_load(l->call->work, id, l->arena, &l->unit, given ? l->st : &ignored) || (l->unit = NULL, !given);
}

static bool open_look(struct look *l)
{
    const char *layout = command_text(l->call, "layout", NULL), *path = command_path(l->call, "layouts/%s.ini", layout);
    l->path = command_text(l->call, "file", NULL);
    l->name = strrchr(l->path, '/') ? strrchr(l->path, '/') + 1 : l->path;
    if (!os_exists(path)) {
        status_fail(l->st, STATUS_USAGE, "there is no layout \"%s\": \"%s\" does not exist", layout, path);
        return status_hint(l->st, "all layouts: crmx layout list");
    }
    if (!layout_load(path, layout, l->arena, &l->layout, l->st) || !choose_unit(l)) return false;
    choose_date(l);
    if (!probe_rates_find(l->call->work, l->unit, l->date, l->arena, &l->rates, l->st)) return false;
    l->reader = probe_reader_new(l->layout, &l->rates.rates, l->date, l->arena);
    show_record_open(&l->records, l->call, arena_printf(l->arena, "probe %s", l->path));
    return true;
}

/* --- records --- */

static const char *check_text(struct look *l, const struct probe_record *r, int field, enum probe_state state)
{
    switch (state) {
    case PROBE_GOOD: return "ok";
    case PROBE_NONE: return "none";
    case PROBE_UNCHECKED: return "not checked";
    case PROBE_WRONG: break;
    }
    return arena_printf(l->arena, "WRONG: %s", show_record_complaint(&l->records, l->reader, field, r->bytes));
}

static void add_field(struct look *l, const struct probe_record *r, int field, struct listing *rows)
{
    const struct layout_field *f = &l->layout->fields[field];
    enum probe_state state;
    const char *value = show_record_value(&l->records, l->reader, field, r->bytes, &state);
    listing_text(rows, f->name);
    listing_integer(rows, f->offset);
    listing_integer(rows, f->length);
    listing_text(rows, show_record_field(&l->records, l->layout, field, r->bytes));
    listing_text(rows, state == PROBE_WRONG ? NULL : value);
    listing_text(rows, check_text(l, r, field, state));
}

/* "accepted", "rejected: SRC, field source_no: blank, but required" */
static const char *verdict(struct look *l, const struct probe_record *r)
{
    int field, reason;
    if (r->kind == PROBE_HEADER) return "header record";
    if (r->kind == PROBE_TRAILER) return "trailer record";
    if (r->length != l->layout->record_length)
        return arena_printf(l->arena, "rejected: %s: it has %" PRIu64 " bytes, the layout says %u",
                            l->layout->reasons[0], r->length, l->layout->record_length);
    reason = decode_check(l->reader->decoder, r->bytes, (size_t)r->length, &field);
    if (reason < 0) return "accepted";
    return arena_printf(l->arena, "rejected: %s, field %s: %s", l->layout->reasons[reason],
                        l->layout->fields[field].name, show_record_complaint(&l->records, l->reader, field, r->bytes));
}

static void show_one(struct look *l, const struct probe_record *r, struct show *s)
{
    static const char *const COLUMNS[] = {"field", "offset", "length", "bytes", "value", "check", NULL};
    struct listing rows;
    size_t shown = r->length < PROBE_BYTES_MAX ? (size_t)r->length : PROBE_BYTES_MAX;
    show_document(s);
    show_section(s, "record", "record %" PRIu64 " of %s, byte %" PRIu64, r->line, l->name, r->offset);
    if (s->json) show_integer(s, "line", (int64_t)r->line);
    if (s->json) show_integer(s, "offset", (int64_t)r->offset);
    show_integer(s, "length", (int64_t)r->length);
    show_text(s, "verdict", verdict(l, r));
    if (r->kind != PROBE_DATA)
        show_text(s, "bytes", arena_printf(l->arena, "%.*s", (int)(shown < 2000 ? shown : 2000), r->bytes));
    if (r->kind == PROBE_DATA && r->length != l->layout->record_length)
        show_text(s, "bytes", show_record_bytes(&l->records, l->layout, (struct view){(const char *)r->bytes, shown}));
    listing_init(&rows, COLUMNS);
    for (int i = 0; r->kind == PROBE_DATA && r->length == l->layout->record_length && i < l->layout->fields_count; i++)
        add_field(l, r, i, &rows);
    show_rows(s, "fields", "fields, in the order of their checks", &rows);
    listing_release(&rows);
}

static bool show_records(struct look *l)
{
    uint64_t wanted = (uint64_t)command_integer(l->call, "record", 0),
             offset = (uint64_t)command_integer(l->call, "offset", 0);
    int64_t left = command_integer(l->call, "count", 1);
    bool by_offset = command_given(l->call, "offset"), end = false, found = false;
    struct probe_record r = {0};
    struct show s;
    struct probe_scan *scan = probe_scan_open(l->path, l->layout, l->st);
    show_open_many(&s, &l->call->output);
    bool ok = scan != NULL;
    while (ok && left > 0 && (ok = probe_scan_next(scan, &r, &end, l->st)) && !end) {
        found |= by_offset ? offset < r.next : r.line >= wanted;
        if (!found) continue;
        show_one(l, &r, &s);
        left--;
    }
    probe_scan_close(scan);
    if (ok && !found) {
        status_fail(l->st, STATUS_USAGE,
                    by_offset ? "\"%s\" ends before byte %" PRIu64 " (it has %" PRIu64 " records)"
                              : "\"%s\" has no record %" PRIu64 " (it has %" PRIu64 ")",
                    l->path, by_offset ? offset : wanted, r.line);
        ok = status_hint(l->st, "what is in it: crmx probe %s --layout %s", l->path, l->layout->name);
    }
    if (ok)
        show_print(&s);
    else
        show_release(&s);
    return ok;
}

/* --- the summary --- */

static const char *percent(struct look *l, uint64_t part, uint64_t whole)
{
    return whole ? arena_printf(l->arena, "%.4g%%", 100.0 * (double)part / (double)whole) : "0%";
}

static const char *encoding_text(struct look *l, const struct probe_summary *p)
{
    static const char *const NAMES[] = {"utf-8", "gb18030"};
    int own = l->layout->encoding == LAYOUT_GB18030;
    if (!p->malformed_records) return arena_printf(l->arena, "%s, well-formed", NAMES[own]);
    return arena_printf(
        l->arena, "%" PRIu64 " records are not %s; first: line %" PRIu64 ", byte %" PRIu64 ", field %s%s%s",
        p->malformed_records, NAMES[own], p->malformed_first_line, p->malformed_first_offset,
        l->layout->fields[p->malformed_field].name, p->other_encoding ? "; all of them are well-formed " : "",
        p->other_encoding ? NAMES[!own] : "");
}

static const char *line_ends_text(struct look *l, const struct probe_summary *p)
{
    static const char *const NAMES[] = {"LF", "CRLF", "none"};
    const char *text = "";
    for (int i = 0; i < PROBE_LINE_ENDS; i++)
        if (p->line_ends[i])
            text = arena_printf(l->arena, "%s%s%s %" PRIu64, text, text[0] ? ", " : "", NAMES[i], p->line_ends[i]);
    return text;
}

static void show_stated(struct show *s, const char *name, const struct probe_stated *stated)
{
    if (!stated->present) return;
    if (stated->agrees)
        show_textf(s, name, "%s, agrees", stated->said);
    else
        show_textf(s, name, "%s, DIFFERS: found %s", stated->said, stated->found);
}

/* Why a run would stop at this file; NULL: it would not. */
static const char *objection(struct look *l, const struct probe_summary *p)
{
    const struct layout *y = l->layout;
    uint64_t data = p->accepted + p->rejected;
    if (y->header.present && !p->headers) return "it has no header record";
    if (y->trailer.present && !p->trailers) return "it has no trailer record: it is cut short, or of another kind";
    const struct probe_stated *stated[] = {&p->date_stated, &p->unit_stated, &p->records_stated, &p->sum_stated};
    static const char *const WHAT[] = {"business date", "unit", "number of records", "control sum"};
    for (int i = 0; i < 4; i++)
        if (stated[i]->present && !stated[i]->agrees)
            return arena_printf(l->arena, "the %s that it states is not what was found", WHAT[i]);
    if ((__int128)p->rejected * 1000000 > (__int128)data * y->reject_limit_ppm)
        return arena_printf(l->arena, "%" PRIu64 " of %" PRIu64 " records rejected, the limit is %g%%", p->rejected,
                            data, (double)y->reject_limit_ppm / 1e4);
    return NULL;
}

static bool has_currency(const struct layout *l)
{
    for (int i = 0; i < l->fields_count; i++)
        if (l->fields[i].type == LAYOUT_CURRENCY) return true;
    return false;
}

static void show_head(struct look *l, const struct probe_summary *p, struct show *s)
{
    char date[11];
    const char *why = objection(l, p);
    date_format(l->date, date);
    show_section(s, "probe", "%s", l->path);
    if (s->json) show_text(s, "file", l->path);
    show_text(s, "layout", l->layout->name);
    if (l->date_from) show_textf(s, "business_date", s->json ? "%s" : "%s (%s)", date, l->date_from);
    if (has_currency(l->layout)) show_text(s, "currencies", l->rates.from);
    show_integer(s, "bytes", (int64_t)p->bytes);
    show_integer(s, "records", (int64_t)p->records);
    if (p->headers + p->trailers) show_integer(s, "header_trailer", (int64_t)(p->headers + p->trailers));
    show_integer(s, "accepted", (int64_t)p->accepted);
    show_integer(s, "rejected", (int64_t)p->rejected);
    if (p->shortest == p->longest)
        show_textf(s, "lengths", "%" PRIu64, p->longest);
    else
        show_textf(s, "lengths", "%" PRIu64 " to %" PRIu64 " (the layout says %u)", p->shortest, p->longest,
                   l->layout->record_length);
    show_text(s, "line_ends", line_ends_text(l, p));
    show_text(s, "encoding", encoding_text(l, p));
    show_stated(s, "stated_date", &p->date_stated);
    show_stated(s, "stated_unit", &p->unit_stated);
    show_stated(s, "stated_records", &p->records_stated);
    show_stated(s, "stated_sum", &p->sum_stated);
    show_text(s, "verdict", why ? arena_printf(l->arena, "a run would refuse it: %s", why) : "a run would take it");
}

static void show_reasons(struct look *l, const struct probe_summary *p, struct show *s)
{
    static const char *const COLUMNS[] = {"reason", "field", "records", "share", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int k = -1; k < l->layout->fields_count; k++) {
        uint64_t count = p->rejected_by[k < 0 ? LAYOUT_FIELDS_MAX : k];
        if (!count) continue;
        listing_text(&rows, l->layout->reasons[k < 0 ? 0 : l->layout->fields[k].reason]);
        listing_text(&rows, k < 0 ? NULL : l->layout->fields[k].name);
        listing_integer(&rows, (int64_t)count);
        listing_decimal(&rows, percent(l, count, p->accepted + p->rejected));
    }
    show_rows(s, "rejected_by", "rejected by", &rows);
    listing_release(&rows);
}

static void show_rejects(struct look *l, const struct probe_summary *p, struct show *s)
{
    static const char *const COLUMNS[] = {"line", "byte", "length", "reason", "field", "why", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < p->first_count; i++) {
        const struct probe_reject *r = &p->first[i];
        listing_integer(&rows, (int64_t)r->line);
        listing_integer(&rows, (int64_t)r->offset);
        listing_integer(&rows, (int64_t)r->length);
        listing_text(&rows, l->layout->reasons[r->reason]);
        listing_text(&rows, r->field < 0 ? NULL : l->layout->fields[r->field].name);
        listing_text(&rows, r->field < 0 ? arena_printf(l->arena, "the layout says %u bytes", l->layout->record_length)
                                         : show_record_complaint(&l->records, l->reader, r->field, r->bytes));
    }
    show_rows(s, "first_rejects", "first rejects", &rows);
    listing_release(&rows);
}

static bool summarize(struct look *l, int *exit_code)
{
    struct probe_summary *p = arena_new(l->arena, struct probe_summary);
    struct probe_request r = {.path = l->path,
                              .reader = l->reader,
                              .unit = l->unit ? l->unit->id : NULL,
                              .first_max = (int)command_integer(l->call, "count", 10)};
    struct show s;
    if (!probe_file(&r, l->arena, p, l->st)) return false;
    show_open(&s, &l->call->output);
    show_head(l, p, &s);
    show_reasons(l, p, &s);
    show_rejects(l, p, &s);
    if (p->first_count)
        show_line(&s, "\nsee one: crmx probe %s --layout %s --record %" PRIu64, l->path, l->layout->name,
                  p->first[0].line);
    show_print(&s);
    *exit_code = objection(l, p) ? 4 : 0;
    return true;
}

static int run(struct command_call *call)
{
    struct look *l = arena_new(&call->arena, struct look);
    *l = (struct look){.call = call, .arena = &call->arena, .st = &call->status};
    int exit_code = 0;
    if (command_given(call, "record") && command_given(call, "offset")) {
        status_fail(&call->status, STATUS_USAGE, "crmx probe: --record and --offset both say which record");
        status_hint(&call->status, "give one of them; a reject's line is its --record");
        return command_failed(call);
    }
    bool one = command_given(call, "record") || command_given(call, "offset");
    bool ok = open_look(l) && (one ? show_records(l) : summarize(l, &exit_code));
    show_record_close(&l->records);
    return ok ? exit_code : command_failed(call);
}

const struct command command_probe = {
    .name = "probe",
    .summary = "look into a source file with a layout: what would be accepted, what rejected and why",
    .description = "Without --record or --offset: a summary (exit code 4 when a run would refuse the file). With one "
                   "of them: the fields of "
                   "that record, as bytes and decoded. The file is only read; it may be gzip. Fields of class C2 are "
                   "masked, C3 is never shown.",
    .arguments =
        (const struct command_value[]){
            {.name = "file", .type = COMMAND_TEXT, .doc = "the source file", .required = true}, {0}},
    .options =
        (const struct command_value[]){{.name = "layout",
                                        .letter = 'l',
                                        .type = COMMAND_TEXT,
                                        .placeholder = "LAYOUT",
                                        .doc = "the layout (layouts/LAYOUT.ini)",
                                        .required = true},
                                       {.name = "record",
                                        .letter = 'r',
                                        .type = COMMAND_INTEGER,
                                        .minimum = 1,
                                        .maximum = INT64_MAX,
                                        .doc = "the record with this number: line of the file, from 1"},
                                       {.name = "offset",
                                        .letter = 'o',
                                        .type = COMMAND_INTEGER,
                                        .minimum = 0,
                                        .maximum = INT64_MAX,
                                        .doc = "the record that holds this byte, from 0"},
                                       {.name = "count",
                                        .letter = 'n',
                                        .type = COMMAND_INTEGER,
                                        .minimum = 0,
                                        .maximum = PROBE_FIRST_MAX,
                                        .doc = "how many records; in the summary: first rejects (default: 1; 10)"},
                                       {.name = "date",
                                        .letter = 'd',
                                        .type = COMMAND_DATE,
                                        .doc = "business date (default: the date in the file's name)"},
                                       SHOW_UNIT,
                                       SHOW_UNMASK,
                                       {0}},
    .examples = "crmx probe inbox/11/RTLCUST.1101.20261031 --layout retail_customer\n"
                "crmx probe inbox/11/RTLCUST.1101.20261031 --layout retail_customer --record 3 --unmask",
    .rows = "rejected_by first_rejects",
    .run = run,
};
