#include "control/show_record.h"

#include "base/log.h"
#include "base/os.h"

#include <stdio.h>

enum { SHOWN_MAX = 8 * LAYOUT_RECORD_MAX };

static const char NEVER[] = "(C3)", HIDDEN[] = "***";

void show_record_open(struct show_record *r, struct command_call *call, const char *looked_at)
{
    *r = (struct show_record){probe_tool_new(), &call->arena, command_flag(call, "unmask")};
    char user[64];
    if (!r->unmask) return;
    os_user_name(os_user(), user);
    log_info("unmasked look by %s: %s", user, looked_at);
}

void show_record_close(struct show_record *r)
{
    probe_tool_free(r->tool);
    r->tool = NULL;
}

/* --- masking --- */

const char *show_masked(struct arena *arena, const char *text)
{
    size_t length = strlen(text), characters = 0, at = 0;
    for (size_t i = 0; i < length; i += charset_character(CHARSET_UTF8, text + i, length - i)) characters++;
    size_t front = characters >= 11 ? 3 : characters >= 2, back = characters >= 11 ? 2 : characters >= 5;
    struct buf out;
    buf_init(&out, 4 * length + 16);
    for (size_t i = 0; i < length; at++) {
        size_t n = charset_character(CHARSET_UTF8, text + i, length - i);
        if (at < front || at >= characters - back)
            buf_add(&out, text + i, n);
        else
            buf_add_text(&out, "*");
        i += n;
    }
    const char *masked = arena_dup(arena, buf_view(&out));
    buf_release(&out);
    return masked;
}

static bool is_open(const struct show_record *r, const struct layout_field *f)
{
    return f->data_class < 2 || (f->data_class == 2 && r->unmask);
}

const char *show_record_number(struct show_record *r, const struct layout_field *f, const char *number)
{
    return is_open(r, f) ? number : f->data_class == 3 ? NEVER : HIDDEN;
}

const char *show_record_value(struct show_record *r, const struct probe_reader *reader, int field,
                              const unsigned char *record, enum probe_state *state)
{
    const struct layout_field *f = &reader->layout->fields[field];
    enum probe_state found;
    struct buf text;
    buf_init(&text, SHOWN_MAX);
    found = probe_value(r->tool, reader, field, record, &text);
    if (state) *state = found;
    const char *value = text.length ? arena_dup(r->arena, buf_view(&text)) : NULL;
    buf_release(&text);
    if (!value || is_open(r, f)) return value;
    if (f->data_class == 3) return NEVER;
    bool number = f->type == LAYOUT_AMOUNT || f->type == LAYOUT_DATE || f->type == LAYOUT_CODE;
    return number ? HIDDEN : show_masked(r->arena, value);
}

/* --- bytes --- */

static const char *text_of(struct show_record *r, enum layout_encoding encoding, struct view bytes)
{
    struct buf text;
    buf_init(&text, SHOWN_MAX);
    probe_text(r->tool, encoding, bytes, &text);
    const char *shown = arena_dup(r->arena, text.length ? buf_view(&text) : VIEW_LITERAL(""));
    buf_release(&text);
    return shown;
}

const char *show_record_field(struct show_record *r, const struct layout *l, int field, const unsigned char *record)
{
    const struct layout_field *f = &l->fields[field];
    struct view bytes = {(const char *)record + f->offset, f->length};
    if (is_open(r, f)) return arena_printf(r->arena, "|%s|", text_of(r, l->encoding, bytes));
    return f->data_class == 3 ? NEVER : "(masked)";
}

static bool has_class_3(const struct layout *l)
{
    for (int i = 0; i < l->fields_count; i++)
        if (l->fields[i].data_class == 3) return true;
    return false;
}

const char *show_record_bytes(struct show_record *r, const struct layout *l, struct view record)
{
    if (record.length != l->record_length) {
        bool shown = r->unmask && !has_class_3(l);
        return shown ? text_of(r, l->encoding, record)
                     : arena_printf(r->arena,
                                    "(%zu bytes, not shown: the fields of a record of another length cannot be told)",
                                    record.length);
    }
    char *copy = arena_take(r->arena, record.length + 1);
    memcpy(copy, record.bytes, record.length);
    for (int i = 0; i < l->fields_count; i++) {
        const struct layout_field *f = &l->fields[i];
        if (!is_open(r, f)) memset(copy + f->offset, f->data_class == 3 ? '#' : '*', f->length);
    }
    return text_of(r, l->encoding, (struct view){copy, record.length});
}

const char *show_record_complaint(struct show_record *r, const struct probe_reader *reader, int field,
                                  const unsigned char *record)
{
    struct buf text;
    buf_init(&text, SHOWN_MAX);
    probe_complaint(r->tool, reader, field, record, is_open(r, &reader->layout->fields[field]), &text);
    const char *shown = arena_dup(r->arena, buf_view(&text));
    buf_release(&text);
    return shown;
}

void show_record_fields(struct show_record *r, struct show *s, const struct probe_reader *reader,
                        const unsigned char *record)
{
    for (int i = 0; i < reader->layout->fields_count; i++) {
        const char *value = show_record_value(r, reader, i, record, NULL);
        show_text(s, reader->layout->fields[i].name, value);
    }
}
