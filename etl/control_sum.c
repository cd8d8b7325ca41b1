#include "etl/control_sum.h"

#include "base/os.h"
#include "etl/reconcile.h"

#include <string.h>

enum { PIECE = 1 << 20, CURRENCIES_MAX = 256 };

struct control_sums {
    const struct output *o;
    int currency_field; /* -1: none */
    int amounts[LAYOUT_FIELDS_MAX], amounts_count;
    char currency[CURRENCIES_MAX][4];
    int currencies_count;
    __int128 *sum; /* [currency][amount] */
};

static int currency_field(const struct output *o)
{
    for (int i = 0; i < o->fields_count; i++) {
        const struct output_field *f = &o->fields[i];
        bool named =
            strcmp(f->name, "currency") == 0 || (f->source == SOURCE_FIELD && strcmp(f->source_name, "currency") == 0);
        if (named && f->length == 3 && (f->type == OUTPUT_TEXT || f->type == OUTPUT_RAW)) return i;
    }
    return -1;
}

static int place_of(struct control_sums *s, const char *record)
{
    char code[4] = "";
    if (s->currency_field >= 0) memcpy(code, record + s->o->fields[s->currency_field].offset, 3);
    int i = 0;
    while (i < s->currencies_count && memcmp(s->currency[i], code, 4) != 0) i++;
    if (i == CURRENCIES_MAX) return -1;
    if (i == s->currencies_count) memcpy(s->currency[s->currencies_count++], code, 4);
    return i;
}

/* "+0000123" or "-0000123". */
static bool read_amount(const char *p, uint32_t length, __int128 *value)
{
    *value = 0;
    for (uint32_t i = 1; i < length; i++) {
        if (p[i] < '0' || p[i] > '9') return false;
        *value = *value * 10 + (p[i] - '0');
    }
    if (p[0] == '-') *value = -*value;
    return p[0] == '-' || p[0] == '+' || (p[0] == '0' && *value == 0); /* zeros: the row has no such field */
}

bool control_sums_add(struct control_sums *s, const char *record)
{
    if (s->amounts_count == 0) return true;
    int at = place_of(s, record);
    if (at < 0) return false;
    for (int a = 0; a < s->amounts_count; a++) {
        const struct output_field *f = &s->o->fields[s->amounts[a]];
        __int128 value;
        if (!read_amount(record + f->offset, f->length, &value)) return false;
        s->sum[at * s->amounts_count + a] += value;
    }
    return true;
}

static bool add_file(struct control_sums *s, const char *path, struct status *st)
{
    struct os_file_identity id;
    uint32_t length = s->o->record_length;
    size_t piece = (size_t)PIECE / length * length + length;
    int fd = os_open_read(path, st);
    char *bytes = malloc(piece);
    ensure(bytes);
    bool ok = fd >= 0 && os_identify_fd(fd, path, &id, st);
    for (uint64_t at = 0; ok && at < id.size;) {
        size_t n = id.size - at < piece ? (size_t)(id.size - at) : piece;
        ok = os_read_at(fd, path, bytes, n, at, st);
        for (size_t k = 0; ok && k + length <= n; k += length)
            if (!control_sums_add(s, bytes + k))
                ok = status_fail(st, STATUS_CORRUPT, "\"%s\": record %llu holds no amount where its layout has one",
                                 path, (unsigned long long)((at + k) / length + 1));
        at += n;
    }
    free(bytes);
    os_close(fd);
    return ok;
}

const char *control_sums_text(struct control_sums *s, struct arena *arena)
{
    int order[CURRENCIES_MAX];
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < s->currencies_count; i++) {
        int k = i;
        for (; k && strcmp(s->currency[order[k - 1]], s->currency[i]) > 0; k--) order[k] = order[k - 1];
        order[k] = i;
    }
    for (int a = 0; a < s->amounts_count; a++)
        for (int i = 0; i < s->currencies_count; i++) {
            const struct output_field *f = &s->o->fields[s->amounts[a]];
            const char *code = s->currency[order[i]];
            char text[48];
            buf_addf(&b, "%s%s%s%s=%s", b.length ? " " : "", f->name, code[0] ? "." : "", code,
                     reconcile_decimal(s->sum[order[i] * s->amounts_count + a], f->scale, text));
        }
    const char *text = b.length ? arena_dup(arena, buf_view(&b)) : NULL;
    buf_release(&b);
    return text;
}

struct control_sums *control_sums_new(const struct output *o, struct arena *arena)
{
    struct control_sums *s = arena_new(arena, struct control_sums);
    s->o = o;
    s->currency_field = currency_field(o);
    for (int i = 0; i < o->fields_count; i++)
        if (o->fields[i].type == OUTPUT_AMOUNT) s->amounts[s->amounts_count++] = i;
    s->sum = arena_array(arena, __int128, (size_t)CURRENCIES_MAX *(size_t)(s->amounts_count + 1));
    return s;
}

bool control_sum(const struct output *o, const char *path, struct arena *arena, const char **text, struct status *st)
{
    struct control_sums *s = control_sums_new(o, arena);
    *text = NULL;
    if (s->amounts_count == 0) return true;
    if (!add_file(s, path, st)) return false;
    *text = control_sums_text(s, arena);
    return true;
}
