#include "control/show.h"

#include "base/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_MAX = 1 << 30 };

enum value_kind { KIND_NULL, KIND_TEXT, KIND_BARE /* numbers, true, false: without quotes */ };

struct show_value {
    struct show_value *next;
    const char *name, *text;
    enum value_kind kind;
};

/* --- pages --- */

static void open_page(struct show *s, struct listing_output *output, bool many)
{
    *s = (struct show){.output = output, .json = output->format != LISTING_TEXT, .many = many};
    arena_init(&s->arena, "show");
    buf_init(&s->out, PAGE_MAX);
    buf_init(&s->csv, PAGE_MAX);
    buf_init(&s->section_csv, PAGE_MAX);
    if (s->json && many) buf_add_text(&s->out, "[");
}

void show_open(struct show *s, struct listing_output *output)
{
    open_page(s, output, false);
    show_document(s);
}

void show_open_many(struct show *s, struct listing_output *output)
{
    open_page(s, output, true);
}

/* --- sections --- */

/* "business_date" as people read it. */
static void add_name(struct buf *out, const char *name)
{
    for (const char *p = name; *p; p++) buf_add(out, *p == '_' ? " " : p, 1);
}

static void write_text_values(struct show *s)
{
    int widest = 0;
    for (const struct show_value *v = s->first; v; v = v->next) {
        int width = listing_text_width(v->name);
        if (v->kind != KIND_NULL && width > widest) widest = width;
    }
    for (const struct show_value *v = s->first; v; v = v->next) {
        if (v->kind == KIND_NULL) continue;
        buf_add_text(&s->out, "  ");
        add_name(&s->out, v->name);
        for (int i = listing_text_width(v->name); v->text[0] && i < widest + 2; i++) buf_add_text(&s->out, " ");
        buf_add_text(&s->out, v->text);
        buf_add_text(&s->out, "\n");
    }
}

static void write_json_values(struct show *s)
{
    buf_add_text(&s->out, "{");
    for (const struct show_value *v = s->first; v; v = v->next) {
        if (v != s->first) buf_add_text(&s->out, ", ");
        buf_add_json(&s->out, view_of(v->name));
        buf_add_text(&s->out, ": ");
        if (v->kind == KIND_TEXT)
            buf_add_json(&s->out, view_of(v->text));
        else
            buf_add_text(&s->out, v->kind == KIND_NULL ? "null" : v->text);
    }
    buf_add_text(&s->out, "}");
}

static void add_key(struct listing_output *o, const char *key)
{
    size_t used = strlen(o->keys);
    snprintf(o->keys + used, sizeof o->keys - used, "%s%s", used ? ", " : "", key);
}

/* Is it one of the tables that the command declares? */
static bool is_table(const struct listing_output *o, const char *key)
{
    struct view rest = view_of(o->tables ? o->tables : ""), word;
    while ((word = view_word(&rest)).length) {
        if (word.bytes[word.length - 1] == ';') word.length--;
        if (view_is(word, key)) return true;
    }
    return false;
}

/* The section as a table of one row: asked for by name, or kept for a page without rows. */
static void write_csv_values(struct show *s)
{
    struct listing_output *o = s->output;
    bool asked = o->wanted && strcmp(o->wanted, s->key) == 0;
    struct buf *out = asked ? &s->csv : &s->section_csv;
    if (s->many || !is_table(o, s->key)) return;
    add_key(o, s->key);
    if (o->written || (!asked && (o->wanted || out->length))) return;
    for (int names = 1; names >= 0; names--) {
        for (const struct show_value *v = s->first; v; v = v->next) {
            if (v != s->first) buf_add_text(out, ",");
            buf_add_csv(out, names ? v->name : v->text);
        }
        buf_add_text(out, "\n");
    }
    o->written = asked;
}

static void end_section(struct show *s)
{
    if (!s->in_section) return;
    if (s->output->format == LISTING_CSV)
        write_csv_values(s);
    else if (s->json)
        write_json_values(s);
    else
        write_text_values(s);
    s->in_section = false;
    s->first = s->last = NULL;
}

static void end_document(struct show *s)
{
    end_section(s);
    if (s->json && s->documents) buf_add_text(&s->out, "}");
}

void show_document(struct show *s)
{
    ensure(s->many || s->documents == 0);
    end_document(s);
    if (s->json) buf_add_text(&s->out, s->documents ? ",\n{" : "{");
    s->documents++;
    s->members = 0;
}

/* A blank line before every heading but the page's first one. */
static void begin_member(struct show *s, const char *key, const char *heading)
{
    end_section(s);
    ensure(s->documents > 0);
    if (s->json) {
        buf_add_text(&s->out, s->members ? ",\n" : "");
        buf_add_json(&s->out, view_of(key));
        buf_add_text(&s->out, ": ");
    } else {
        if (s->out.length) buf_add_text(&s->out, "\n");
        buf_addf(&s->out, "%s\n", heading);
    }
    s->members++;
}

void show_section(struct show *s, const char *key, const char *heading, ...)
{
    char text[512];
    va_list args;
    va_start(args, heading);
    vsnprintf(text, sizeof text, heading, args);
    va_end(args);
    begin_member(s, key, text);
    s->key = arena_dup(&s->arena, view_of(key));
    s->in_section = true;
}

static void add_value(struct show *s, const char *name, enum value_kind kind, const char *text)
{
    ensure(s->in_section);
    struct show_value *v = arena_new(&s->arena, struct show_value);
    *v = (struct show_value){NULL, arena_dup(&s->arena, view_of(name)), text, kind};
    if (s->last)
        s->last->next = v;
    else
        s->first = v;
    s->last = v;
}

void show_text(struct show *s, const char *name, const char *text)
{
    add_value(s, name, text ? KIND_TEXT : KIND_NULL, text ? arena_dup(&s->arena, view_of(text)) : "");
}

void show_textf(struct show *s, const char *name, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    show_text(s, name, text);
}

void show_integer(struct show *s, const char *name, int64_t number)
{
    add_value(s, name, KIND_BARE, arena_printf(&s->arena, "%" PRId64, number));
}

void show_flag(struct show *s, const char *name, bool yes)
{
    add_value(s, name, KIND_BARE, s->json ? (yes ? "true" : "false") : (yes ? "yes" : "no"));
}

void show_amount(struct show *s, const char *name, int64_t amount, int scale)
{
    const char *text = show_decimal(&s->arena, amount, scale);
    add_value(s, name, KIND_TEXT, s->json ? text : show_grouped(&s->arena, text));
}

/* --- rows --- */

static void add_indented(struct buf *out, const char *text)
{
    for (const char *line = text; line && *line;) {
        size_t n = strcspn(line, "\n");
        buf_add_text(out, "  ");
        buf_add(out, line, n);
        buf_add_text(out, "\n");
        line += n + (line[n] == '\n');
    }
}

/* The page's rows that were asked for. */
static void add_csv(struct show *s, const char *key, const struct listing *rows)
{
    struct listing_output *o = s->output;
    add_key(o, key);
    if (s->many || o->written || (o->wanted && strcmp(o->wanted, key) != 0))
        return; /* a page of many has no one table */
    listing_write(rows, LISTING_CSV, &s->csv);
    o->written = true;
}

void show_rows(struct show *s, const char *key, const char *heading, const struct listing *rows)
{
    if (!s->json && rows->rows == 0) return;
    if (s->output->format == LISTING_CSV) {
        end_section(s);
        add_csv(s, key, rows);
        return;
    }
    struct buf text;
    buf_init(&text, PAGE_MAX);
    begin_member(s, key, heading);
    listing_write(rows, s->output->format, &text);
    if (s->json)
        buf_add(&s->out, text.bytes, text.length - 1); /* without its line end */
    else
        add_indented(&s->out, text.bytes);
    buf_release(&text);
}

void show_line(struct show *s, const char *format, ...)
{
    char text[2048];
    va_list args;
    if (s->json) return;
    end_section(s);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_addf(&s->out, "%s\n", text);
}

void show_print(struct show *s)
{
    end_document(s);
    if (s->json) buf_add_text(&s->out, s->many ? "]\n" : "\n");
    bool section = !s->output->written && s->section_csv.length;
    s->output->written |= section;
    const struct buf *page = s->output->format != LISTING_CSV ? &s->out : section ? &s->section_csv : &s->csv;
    ensure(!buf_full(page));
    if (page->length) fwrite(page->bytes, 1, page->length, stdout);
    show_release(s);
}

void show_release(struct show *s)
{
    buf_release(&s->out);
    buf_release(&s->csv);
    buf_release(&s->section_csv);
    arena_release(&s->arena);
}

/* --- numbers --- */

const char *show_grouped(struct arena *arena, const char *number)
{
    const char *digits = number + (*number == '-' || *number == '+');
    size_t whole = strspn(digits, "0123456789"), sign = (size_t)(digits - number), n = 0;
    char *text = arena_take(arena, strlen(number) * 2 + 1);
    memcpy(text, number, sign);
    n = sign;
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0) text[n++] = ',';
        text[n++] = digits[i];
    }
    memcpy(text + n, digits + whole, strlen(digits + whole) + 1);
    return text;
}

const char *show_decimal(struct arena *arena, __int128 value, int scale)
{
    char digits[64];
    int n = sizeof digits;
    unsigned __int128 v = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    digits[--n] = 0;
    for (int written = 0; v || written <= scale; written++) {
        if (scale && written == scale) digits[--n] = '.';
        digits[--n] = (char)('0' + (int)(v % 10));
        v /= 10;
    }
    if (value < 0) digits[--n] = '-';
    return arena_dup(arena, view_of(digits + n));
}
