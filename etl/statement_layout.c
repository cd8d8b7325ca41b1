#include "etl/statement_layout.h"

#include "base/charset.h"
#include "base/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const FIELD_NAMES[STATEMENT_FIELDS] = {
    "unit",        "unit_name", "month",     "from",        "from_kind",   "to",   "number", "name",     "page",
    "pages",       "title",     "account",   "sub_account", "currency",    "date", "time",   "sequence", "text",
    "reversal_of", "amount",    "balance",   "side",        "opening",     "in",   "out",    "adjusted", "closing",
    "rate",        "rate_date", "converted", "assets",      "liabilities", "net",  "nav"};
static const char *const LINE_NAMES[LINE_COUNT] = {"account", "opening", "posting", "reversal", "adjustment",
                                                   "closing", "closed",  "value",   "joint",    "none",
                                                   "totals",  "total",   "net"};

enum { PIECES_MAX = 64, WIDTH_MAX = 400, TITLES_MAX = 64, PAGE_MAX = 10000 };

struct loader {
    struct conf *conf;
    struct arena *arena;
    struct status *st;
    const char *section, *key;
};

static bool fail(struct loader *l, const char *what, struct view part)
{
    conf_fail(l->conf, l->section, l->key, l->st, "%s \"{%.*s}\"", what, (int)part.length, part.bytes);
    return status_hint(l->st, "fields and their widths: docs/formats.md, \"Statement layout\"");
}

/* "amount:>18" */
static bool read_piece(struct loader *l, struct view inside, struct statement_piece *out)
{
    const char *colon = memchr(inside.bytes, ':', inside.length);
    struct view name = {inside.bytes, colon ? (size_t)(colon - inside.bytes) : inside.length};
    *out = (struct statement_piece){.field = -1, .text = VIEW_LITERAL("")};
    for (int i = 0; name.length && i < STATEMENT_FIELDS; i++)
        if (view_is(name, FIELD_NAMES[i])) out->field = i;
    if (name.length && out->field < 0) return fail(l, "there is no field", inside);
    if (!colon) return name.length > 0 || fail(l, "a field or a width is needed in", inside);
    char text[8] = "", *end;
    size_t n = inside.length - name.length - 1;
    out->right = n && colon[1] == '>';
    snprintf(text, sizeof text, "%.*s", (int)(n - out->right < 7 ? n - out->right : 7), colon + 1 + out->right);
    out->width = (int)strtol(text, &end, 10);
    if (*end || out->width < 1 || out->width > WIDTH_MAX) return fail(l, "a width of 1 to 400 is needed in", inside);
    return true;
}

static bool read_template(struct loader *l, const char *text, struct statement_template *out)
{
    struct statement_piece pieces[PIECES_MAX];
    out->count = 0;
    for (const char *p = text; *p;) {
        const char *open = strchr(p, '{'), *close = open ? strchr(open, '}') : NULL;
        if (open && !close) return fail(l, "no } after", view_of(open + 1));
        if (out->count + 2 > PIECES_MAX) return fail(l, "too many fields before", view_of(p));
        size_t before = open ? (size_t)(open - p) : strlen(p);
        if (before)
            pieces[out->count++] =
                (struct statement_piece){.field = -1, .text = view_of(arena_dup(l->arena, (struct view){p, before}))};
        if (!open) break;
        if (!read_piece(l, (struct view){open + 1, (size_t)(close - open - 1)}, &pieces[out->count++])) return false;
        p = close + 1;
    }
    out->pieces = arena_array(l->arena, struct statement_piece, out->count + 1);
    memcpy(out->pieces, pieces, (size_t)out->count * sizeof *pieces);
    return true;
}

/* 1 = …, 2 = … ; an empty line is {:1}. */
static bool read_margin(struct loader *l, const char *section, struct statement_template *out, int *count)
{
    char key[8];
    l->section = section;
    for (*count = 0; *count < STATEMENT_MARGIN_MAX; ++*count) {
        snprintf(key, sizeof key, "%d", *count + 1);
        l->key = key;
        const char *text = conf_get(l->conf, section, key);
        if (!text) return true;
        if (!read_template(l, text, &out[*count])) return false;
    }
    return true;
}

static bool read_body(struct loader *l, struct statement_layout *s)
{
    l->section = "body";
    for (int i = 0; i < LINE_COUNT; i++) {
        l->key = LINE_NAMES[i];
        const char *text = conf_get(l->conf, "body", LINE_NAMES[i]);
        if (text && !read_template(l, text, &s->body[i])) return false;
    }
    if (s->body[LINE_POSTING].count) return true;
    return conf_fail(l->conf, "body", "posting", l->st,
                     "the line of a movement is needed: posting = {date} {amount:>18}");
}

static bool read_titles(struct loader *l, struct statement_layout *s)
{
    int count = 0;
    const char *key;
    s->titles = arena_array(l->arena, const char *, 2 * TITLES_MAX + 1);
    for (int i = 0; (key = conf_key(l->conf, "titles", i)); i++) {
        if (count == TITLES_MAX) return conf_fail(l->conf, "titles", key, l->st, "more than 64 titles");
        s->titles[2 * count] = arena_dup(l->arena, view_of(key));
        s->titles[2 * count++ + 1] = arena_dup(l->arena, view_of(conf_get(l->conf, "titles", key)));
    }
    s->titles[2 * count] = NULL;
    return true;
}

static const char *text_of(struct loader *l, const char *key, const char *fallback)
{
    const char *text = conf_get(l->conf, "statement", key);
    if (!text || !*text) text = fallback;
    return text ? arena_dup(l->arena, view_of(text)) : NULL;
}

static bool is_file_name(const char *name)
{
    return *name && strlen(name) <= 60 &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name);
}

static bool read_head(struct loader *l, const char *name, struct statement_layout *s)
{
    static const char *const ENCODINGS[] = {"utf-8", "gb18030", NULL}, *const ENDS[] = {"lf", "crlf", NULL},
                             *const OPENINGS[] = {"month", "entry", NULL};
    const char *own;
    int encoding, end, opening;
    int64_t length;
    if (!conf_need(l->conf, "statement", "name", &own, l->st) ||
        !conf_choice(l->conf, "statement", "encoding", ENCODINGS, 0, &encoding, l->st) ||
        !conf_choice(l->conf, "statement", "line_end", ENDS, 0, &end, l->st) ||
        !conf_choice(l->conf, "statement", "opening", OPENINGS, 0, &opening, l->st) ||
        !conf_bool(l->conf, "statement", "form_feed", true, &s->form_feed, l->st) ||
        !conf_integer(l->conf, "statement", "page_length", 0, PAGE_MAX, 60, &length, l->st))
        return false;
    if (strcmp(own, name) != 0)
        return conf_fail(l->conf, "statement", "name", l->st, "the file is %s.ini, but its name is \"%s\"", name, own);
    s->name = arena_dup(l->arena, view_of(name));
    s->encoding = encoding ? LAYOUT_GB18030 : LAYOUT_UTF8;
    s->crlf = end == 1;
    s->from_entry = opening == 1;
    s->page_length = (int)length;
    s->file = text_of(l, "file", "STATEMENT");
    s->csv = text_of(l, "csv", NULL);
    s->liabilities = text_of(l, "liabilities", "");
    if (!is_file_name(s->file) || (s->csv && (!is_file_name(s->csv) || strcmp(s->csv, s->file) == 0)))
        return conf_fail(l->conf, "statement", "file", l->st, "file and csv are two names of letters, digits, . _ -");
    return true;
}

static bool check_page(struct loader *l, const struct statement_layout *s)
{
    if (!s->page_length || s->page_length - s->header_count - s->footer_count >= 5) return true;
    return conf_fail(l->conf, "statement", "page_length", l->st,
                     "%d lines leave no room for 5 lines between %d of header and %d of footer", s->page_length,
                     s->header_count, s->footer_count);
}

bool statement_layout_load(const char *path, const char *name, struct arena *arena, struct statement_layout **out,
                           struct status *st)
{
    struct loader l = {.arena = arena, .st = st, .conf = conf_open(path, st)};
    if (!l.conf) return status_while(st, "reading the statement layout %s", name);
    struct statement_layout *s = arena_new(arena, struct statement_layout);
    bool ok = read_head(&l, name, s) && read_margin(&l, "header", s->header, &s->header_count) &&
              read_margin(&l, "footer", s->footer, &s->footer_count) && read_body(&l, s) && read_titles(&l, s) &&
              check_page(&l, s) && conf_check_all_used(l.conf, st);
    conf_close(l.conf);
    *out = s;
    return ok || status_while(st, "reading the statement layout %s", name);
}

const char *statement_title(const struct statement_layout *l, const char *account_layout)
{
    for (int i = 0; l->titles[i]; i += 2)
        if (strcmp(l->titles[i], account_layout) == 0) return l->titles[i + 1];
    return account_layout;
}

bool statement_is_liability(const struct statement_layout *l, const char *account_layout)
{
    struct view rest = view_of(l->liabilities);
    for (struct view word; (word = view_word(&rest)).length;)
        if (view_is(word, account_layout)) return true;
    return false;
}

/* --- a line --- */

/* Printer columns of a character: East Asian wide and full-width forms take two. */
static int columns_of(uint32_t code)
{
    return code >= 0x1100 &&
           (code <= 0x115f || (code >= 0x2e80 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7a3) ||
            (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) ||
            (code >= 0xff01 && code <= 0xff60) || (code >= 0xffe0 && code <= 0xffe6) || code >= 0x20000);
}

/* Bytes of the text that fit into `most` columns (0: all); *columns they take. */
static size_t measure(const char *text, size_t n, int most, int *columns)
{
    size_t at = 0;
    for (*columns = 0; at < n;) {
        size_t length = 1;
        int wide = 1;
        if ((unsigned char)text[at] >= 0x80) wide += columns_of(charset_utf8_code(text + at, n - at, &length));
        if (most && *columns + wide > most) break;
        *columns += wide;
        at += length;
    }
    return at;
}

static bool is_figure(int field)
{
    return field == STATEMENT_AMOUNT || field == STATEMENT_BALANCE || field >= STATEMENT_OPENING;
}

static void add_blanks(struct buf *out, int n)
{
    char *room = n > 0 ? buf_room(out, (size_t)n) : NULL;
    if (room) memset(room, ' ', (size_t)n);
}

void statement_fill(const struct statement_template *t, const char *const values[STATEMENT_FIELDS], struct buf *out)
{
    if (!t->count) return;
    for (int i = 0; i < t->count; i++) {
        const struct statement_piece *p = &t->pieces[i];
        const char *text = p->field < 0 ? p->text.bytes : values[p->field] ? values[p->field] : "";
        size_t n = p->field < 0 ? p->text.length : strlen(text);
        int columns = 0;
        if (p->width) n = measure(text, n, is_figure(p->field) ? 0 : p->width, &columns);
        if (p->right) add_blanks(out, p->width - columns);
        buf_add(out, text, n);
        if (!p->right) add_blanks(out, p->width - columns);
    }
    while (out->length && out->bytes[out->length - 1] == ' ') out->length--;
    buf_add(out, "\n", 1);
}
