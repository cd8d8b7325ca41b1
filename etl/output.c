#include "etl/output.h"

#include "base/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ROWS[] = {"customer", "others", "account", "contact", "address", NULL};
static const char *const TYPES[] = {"digits", "amount", "text", "date", "raw", NULL};
static const char *const ENCODINGS[] = {"utf-8", "gb18030", NULL};
static const char *const LINE_ENDS[] = {"lf", "crlf", NULL};
static const char *const SCOPES[] = {"selected", "all", NULL};

static const struct {
    const char *word;
    bool named; /* followed by .NAME */
} SOURCES[] = {
    [SOURCE_NUMBER] = {"number", false},
    [SOURCE_UNIT] = {"unit", false},
    [SOURCE_BUSINESS_DATE] = {"business_date", false},
    [SOURCE_SYSTEM] = {"system", false},
    [SOURCE_SCORE] = {"score", false},
    [SOURCE_RESULT] = {"result", true},
    [SOURCE_MEASURE] = {"measure", true},
    [SOURCE_REASON] = {"reason", true},
    [SOURCE_ID_TYPE] = {"id_type", false},
    [SOURCE_ID_KEY] = {"id_key", false},
    [SOURCE_CUSTOMER_TYPE] = {"customer_type", false},
    [SOURCE_ENTRY_DATE] = {"entry_date", false},
    [SOURCE_FIELD] = {"field", true},
    [SOURCE_RECORD] = {"record", false},
    [SOURCE_LAYOUT] = {"layout", false},
    [SOURCE_FILE] = {"file", false},
    [SOURCE_OFFSET] = {"offset", false},
    [SOURCE_CONST] = {"const", true},
};
enum { SOURCES_COUNT = sizeof SOURCES / sizeof SOURCES[0] };

static bool read_source(struct conf *c, struct output_field *f, struct view word, struct arena *arena,
                        struct status *st)
{
    size_t dot = 0;
    while (dot < word.length && word.bytes[dot] != '.') dot++;
    struct view head = {word.bytes, dot};
    for (int i = 0; i < SOURCES_COUNT; i++) {
        if (!view_is(head, SOURCES[i].word)) continue;
        if (SOURCES[i].named != (dot < word.length)) break;
        f->source = (enum output_source)i;
        if (SOURCES[i].named)
            f->source_name = arena_dup(arena, (struct view){word.bytes + dot + 1, word.length - dot - 1});
        return true;
    }
    return conf_fail(c, "fields", f->name, st, "unknown source \"%.*s\" (docs/formats.md lists them)",
                     VIEW_PRINT(word));
}

static bool read_field(struct conf *c, const char *key, struct output *o, struct arena *arena, struct status *st)
{
    const char *value = conf_get(c, "fields", key);
    struct output_field *f = &o->fields[o->fields_count++];
    *f = (struct output_field){.name = arena_dup(arena, view_of(key)), .offset = o->data_length, .scale = 2};
    struct view rest = view_of(value), length = view_word(&rest), type = view_word(&rest), source = view_word(&rest);
    char number[8] = {0};
    if (length.length && length.length < sizeof number) memcpy(number, length.bytes, length.length);
    char *end;
    long n = strtol(number, &end, 10);
    if (number[0] < '0' || number[0] > '9' || *end || n < 1 || n > OUTPUT_RECORD_MAX || source.length == 0)
        return conf_fail(c, "fields", key, st, "expected LENGTH TYPE SOURCE [scale=N], found \"%s\"", value);
    f->length = (uint32_t)n;
    int kind = -1;
    for (int i = 0; TYPES[i]; i++)
        if (view_is(type, TYPES[i])) kind = i;
    if (kind < 0)
        return conf_fail(c, "fields", key, st, "unknown type \"%.*s\": digits, amount, text, date or raw",
                         VIEW_PRINT(type));
    f->type = (enum output_type)kind;
    if ((f->type == OUTPUT_DIGITS && f->length > 18) || (f->type == OUTPUT_AMOUNT && (f->length < 2 || f->length > 19)))
        return conf_fail(c, "fields", key, st, "digits and amounts have at most 18 digits");
    if (f->type == OUTPUT_DATE && f->length != 8) return conf_fail(c, "fields", key, st, "a date has 8 bytes");
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest)) {
        if (word.length == 7 && memcmp(word.bytes, "scale=", 6) == 0 && word.bytes[6] >= '0' && word.bytes[6] <= '9')
            f->scale = word.bytes[6] - '0';
        else
            return conf_fail(c, "fields", key, st, "unknown option \"%.*s\"", VIEW_PRINT(word));
    }
    o->data_length += f->length;
    return read_source(c, f, source, arena, st);
}

static int find_field(const struct output *o, struct view name)
{
    for (int i = 0; i < o->fields_count; i++)
        if (view_is(name, o->fields[i].name)) return i;
    return -1;
}

static bool read_key(struct conf *c, struct output *o, struct status *st)
{
    const char *key = conf_get(c, "output", "key");
    struct view rest = view_of(key);
    o->number_field = -1;
    for (int i = o->fields_count; i-- > 0;)
        if (o->fields[i].source == SOURCE_NUMBER && o->fields[i].type == OUTPUT_DIGITS) o->number_field = i;
    o->has_key = key || o->rows == OUTPUT_CUSTOMER;
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest)) {
        int field = find_field(o, word);
        if (field < 0) return conf_fail(c, "output", "key", st, "\"%.*s\" is no field of the output", VIEW_PRINT(word));
        if (o->key_count == OUTPUT_KEY_MAX)
            return conf_fail(c, "output", "key", st, "more than %d fields", OUTPUT_KEY_MAX);
        if (field != o->number_field) o->key[o->key_count++] = field;
    }
    return true;
}

static bool read_output(struct conf *c, const char *name, struct output *o, struct arena *arena, struct status *st)
{
    const char *own_name, *file, *table, *layouts;
    int rows, encoding, line_end, scope;
    if (!conf_need(c, "output", "name", &own_name, st) || !conf_need(c, "output", "file", &file, st) ||
        !conf_choice(c, "output", "rows", ROWS, -1, &rows, st) ||
        !conf_choice(c, "output", "encoding", ENCODINGS, LAYOUT_UTF8, &encoding, st) ||
        !conf_choice(c, "output", "line_end", LINE_ENDS, LAYOUT_LF, &line_end, st) ||
        !conf_choice(c, "output", "scope", SCOPES, 0, &scope, st))
        return false;
    if (strcmp(own_name, name) != 0)
        return conf_fail(c, "output", "name", st, "the file is %s.ini, but the output calls itself \"%s\"", name,
                         own_name);
    if (rows < 0)
        return conf_fail(c, "output", NULL, st, "rows is needed: customer, others, account, contact or address");
    if (strchr(file, '/')) return conf_fail(c, "output", "file", st, "a file name without folders is needed");
    o->name = arena_dup(arena, view_of(name));
    o->file = arena_dup(arena, view_of(file));
    o->rows = (enum output_rows)rows;
    o->encoding = (enum layout_encoding)encoding;
    o->line_end = line_end ? LAYOUT_CRLF : LAYOUT_LF;
    o->all = scope == 1;
    table = conf_get(c, "output", "table");
    if (table && *table) o->table = arena_dup(arena, view_of(table));
    layouts = conf_get(c, "output", "layouts");
    struct view rest = view_of(layouts);
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest)) {
        if (o->layouts_count == OUTPUT_LAYOUTS_MAX)
            return conf_fail(c, "output", "layouts", st, "more than 16 layouts");
        o->layouts[o->layouts_count++] = arena_dup(arena, word);
    }
    if ((o->rows >= OUTPUT_ACCOUNT) != (o->layouts_count > 0))
        return conf_fail(c, "output", "layouts", st,
                         "layouts is for rows = account, contact or address, and needed there");
    o->fields = arena_array(arena, struct output_field, OUTPUT_FIELDS_MAX);
    const char *key;
    for (int i = 0; (key = conf_key(c, "fields", i)); i++) {
        if (i == OUTPUT_FIELDS_MAX) return conf_fail(c, "fields", key, st, "more than 200 fields");
        if (!read_field(c, key, o, arena, st)) return false;
    }
    if (o->fields_count == 0 || o->data_length > OUTPUT_RECORD_MAX)
        return conf_fail(c, "fields", NULL, st, "an output has 1 to 200 fields and at most 32,000 bytes");
    if (!read_key(c, o, st)) return false;
    o->record_length = o->data_length + (o->line_end == LAYOUT_CRLF ? 2 : 1);
    return conf_check_all_used(c, st);
}

bool output_load(const char *path, const char *name, struct arena *arena, struct output **out, struct status *st)
{
    struct conf *c = conf_open(path, st);
    if (!c) return status_while(st, "reading output %s", name);
    *out = arena_new(arena, struct output);
    bool ok = read_output(c, name, *out, arena, st);
    conf_close(c);
    if (!ok) status_hint(st, "correct the output layout, then: crmx layout check %s", name);
    return ok || status_while(st, "reading output %s", name);
}
