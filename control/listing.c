#include "control/listing.h"

#include "base/status.h"

#include <inttypes.h>
#include <stdio.h>

enum { OUTPUT_MAX = 1 << 30 };

enum cell_kind { CELL_EMPTY, CELL_TEXT, CELL_NUMBER, CELL_AMOUNT };

struct cell {
    enum cell_kind kind;
    int width;
    const char *text;
};

struct listing_row {
    struct listing_row *next;
    struct cell cells[];
};

/* --- width --- */

/* Blocks whose characters take two columns (East Asian Width W and F, Unicode 15, merged where nothing lies between).
 */
static const struct {
    uint32_t first, last;
} WIDE[] = {{0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0xa4cf},  {0xa960, 0xa97f},
            {0xac00, 0xd7a3}, {0xf900, 0xfaff},   {0xfe30, 0xfe6f},  {0xff00, 0xff60},
            {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};

static int character_width(uint32_t c)
{
    for (size_t i = 0; i < sizeof WIDE / sizeof *WIDE; i++)
        if (c >= WIDE[i].first && c <= WIDE[i].last) return 2;
    return c >= 0x300 && c <= 0x36f ? 0 : 1; /* combining accents stand on their neighbour */
}

int listing_text_width(const char *text)
{
    int width = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        uint32_t c = *p++;
        int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
        if (more) c &= 0x3fu >> more;
        for (; more && (*p & 0xc0) == 0x80; more--) c = c << 6 | (*p++ & 0x3f);
        width += character_width(c);
    }
    return width;
}

/* --- filling --- */

void listing_init(struct listing *t, const char *const names[])
{
    *t = (struct listing){0};
    arena_init(&t->arena, "listing");
    for (; names[t->columns]; t->columns++) {
        ensure(t->columns < LISTING_COLUMNS_MAX);
        t->names[t->columns] = names[t->columns];
        t->width[t->columns] = listing_text_width(names[t->columns]);
    }
}

void listing_release(struct listing *t)
{
    arena_release(&t->arena);
}

static void add_cell(struct listing *t, enum cell_kind kind, const char *text)
{
    if (t->filled == 0) {
        struct listing_row *row = arena_take(&t->arena, sizeof *row + sizeof row->cells[0] * (size_t)t->columns);
        if (t->last)
            t->last->next = row;
        else
            t->first = row;
        t->last = row;
        t->rows++;
    }
    int column = t->filled, width = listing_text_width(text);
    t->last->cells[column] = (struct cell){kind, width, text};
    if (width > t->width[column]) t->width[column] = width;
    t->filled = (t->filled + 1) % t->columns;
}

void listing_text(struct listing *t, const char *text)
{
    add_cell(t, text ? CELL_TEXT : CELL_EMPTY, text ? arena_dup(&t->arena, view_of(text)) : "");
}

void listing_decimal(struct listing *t, const char *number)
{
    add_cell(t, number ? CELL_AMOUNT : CELL_EMPTY, number ? arena_dup(&t->arena, view_of(number)) : "");
}

void listing_integer(struct listing *t, int64_t number)
{
    add_cell(t, CELL_NUMBER, arena_printf(&t->arena, "%" PRId64, number));
}

/* --- writing --- */

static void write_json(const struct listing *t, struct buf *out)
{
    buf_add_text(out, "[");
    for (const struct listing_row *row = t->first; row; row = row->next) {
        buf_add_text(out, row == t->first ? "\n  {" : ",\n  {");
        for (int i = 0; i < t->columns; i++) {
            const struct cell *cell = &row->cells[i];
            if (i) buf_add_text(out, ", ");
            buf_add_json(out, view_of(t->names[i]));
            buf_add_text(out, ": ");
            if (cell->kind == CELL_EMPTY)
                buf_add_text(out, "null");
            else if (cell->kind == CELL_NUMBER)
                buf_add_text(out, cell->text);
            else
                buf_add_json(out, view_of(cell->text));
        }
        buf_add_text(out, "}");
    }
    buf_add_text(out, t->rows ? "\n]\n" : "]\n");
}

static void add_csv(struct buf *out, const char *text, bool first)
{
    if (!first) buf_add_text(out, ",");
    buf_add_csv(out, text);
}

static void write_csv(const struct listing *t, struct buf *out)
{
    for (int i = 0; i < t->columns; i++) add_csv(out, t->names[i], i == 0);
    buf_add_text(out, "\n");
    for (const struct listing_row *row = t->first; row; row = row->next) {
        for (int i = 0; i < t->columns; i++) add_csv(out, row->cells[i].text, i == 0);
        buf_add_text(out, "\n");
    }
}

static void pad(struct buf *out, int blanks)
{
    for (int i = 0; i < blanks; i++) buf_add_text(out, " ");
}

static bool is_empty(const struct listing *t, int column)
{
    for (const struct listing_row *row = t->first; row; row = row->next)
        if (row->cells[column].text[0]) return false;
    return true;
}

static void write_line(const struct listing *t, const bool hidden[], const struct cell cells[], struct buf *out)
{
    int owed = 0; /* blanks are written before the next text, never at the end of a line */
    for (int i = 0; i < t->columns; i++) {
        if (hidden[i]) continue;
        bool right = cells[i].kind == CELL_NUMBER || cells[i].kind == CELL_AMOUNT;
        int missing = t->width[i] - cells[i].width;
        if (right) owed += missing;
        if (cells[i].width) {
            pad(out, owed);
            owed = 0;
            buf_add_text(out, cells[i].text);
        } else {
            owed += cells[i].width;
        }
        owed += right ? 2 : missing + 2;
    }
    buf_add_text(out, "\n");
}

static void write_text(const struct listing *t, struct buf *out)
{
    struct cell heading[LISTING_COLUMNS_MAX];
    bool hidden[LISTING_COLUMNS_MAX] = {false};
    if (!t->rows) return;
    for (int i = 0; i < t->columns; i++) {
        /* A heading stands where the numbers below it stand. */
        enum cell_kind kind = t->first->cells[i].kind;
        heading[i] = (struct cell){kind, listing_text_width(t->names[i]), t->names[i]};
        hidden[i] = t->hide_empty && is_empty(t, i);
    }
    write_line(t, hidden, heading, out);
    for (const struct listing_row *row = t->first; row; row = row->next) write_line(t, hidden, row->cells, out);
}

void listing_write(const struct listing *t, enum listing_format format, struct buf *out)
{
    ensure(t->filled == 0);
    switch (format) {
    case LISTING_TEXT: write_text(t, out); return;
    case LISTING_JSON: write_json(t, out); return;
    case LISTING_CSV: write_csv(t, out); return;
    }
}

static void print(const struct buf *out)
{
    ensure(!buf_full(out));
    if (out->length) fwrite(out->bytes, 1, out->length, stdout);
}

void listing_print(const struct listing *t, struct listing_output *o)
{
    struct buf out;
    buf_init(&out, OUTPUT_MAX);
    listing_write(t, o->format, &out);
    print(&out);
    buf_release(&out);
    o->written = true;
}

/* --- row by row --- */

void listing_print_names(struct listing_output *o, const char *const names[], int columns)
{
    o->written = true;
    if (o->format != LISTING_JSON) listing_print_cells(o, names, names, columns);
}

void listing_print_cells(const struct listing_output *o, const char *const names[], const char *const cells[],
                         int columns)
{
    struct buf out;
    buf_init(&out, OUTPUT_MAX);
    for (int i = 0; i < columns; i++) {
        const char *cell = cells[i] ? cells[i] : "";
        if (o->format == LISTING_CSV) {
            add_csv(&out, cell, i == 0);
        } else if (o->format == LISTING_TEXT) {
            buf_addf(&out, "%s%s", i ? "\t" : "", cell);
        } else {
            buf_add_text(&out, i ? "," : "{");
            buf_add_json(&out, view_of(names[i]));
            buf_add_text(&out, ":");
            buf_add_json(&out, view_of(cell));
        }
    }
    buf_add_text(&out, o->format == LISTING_JSON ? "}\n" : "\n");
    print(&out);
    buf_release(&out);
}
