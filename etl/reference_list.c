/* reference: the published lists, as the attempt has frozen them: param/parameters/lists.tsv, lines of
 * entry, list, ID type, ID number, integrated number, last date, reason (sql/schema/006_lists.sql, list_lines). */
#include "base/date.h"
#include "base/os.h"
#include "etl/number.h"
#include "etl/reference.h"

#include <stdio.h>
#include <string.h>

enum { LIST_FILE_MAX = 256 * 1024 * 1024, LIST_FIELDS = 7 };

struct line {
    char *field[LIST_FIELDS]; /* entry, list, ID type, ID number, number, last date, reason */
};

static bool split(char *text, struct line *l)
{
    for (int i = 0; i < LIST_FIELDS; i++) {
        l->field[i] = text;
        text = i + 1 < LIST_FIELDS ? strchr(text, '\t') : NULL;
        if (!text) return i + 1 == LIST_FIELDS;
        *text++ = 0;
    }
    return true;
}

static void add_identity(struct reference *r, const struct unit *u, const struct line *l, unsigned list,
                         const struct exclusion *e, struct arena *arena)
{
    for (int corporate = 0; corporate < 2; corporate++) {
        char number[IDENTITY_NUMBER_MAX + 8];
        struct view class;
        struct identity_key key;
        size_t n = identity_number(u->identity, CHARSET_UTF8, view_of(l->field[2]), view_of(l->field[3]), number,
                                   &class, &key, corporate);
        if (key.strength == IDENTITY_NEVER) return; /* a placeholder number identifies nobody */
        struct exclusion *to = reference_add(r, list, arena);
        *to = *e;
        to->key = key.key;
        to->strength = key.strength;
        to->class = arena_dup(arena, class);
        to->number = arena_dup(arena, (struct view){number, n});
    }
}

/* A number of another unit, in a list of the head office, is none of ours. */
static void add_number(struct reference *r, const struct unit *u, unsigned long long number, unsigned list,
                       const struct exclusion *e)
{
    if ((int64_t)(number / NUMBERS_PER_PREFIX) != u->number_prefix) return;
    r->numbers[r->numbers_count++] =
        (struct listed_number){(uint32_t)(number % NUMBERS_PER_PREFIX), list, e->reason, e->expires};
}

static bool add_line(struct reference *r, const struct unit *u, struct line *l, int32_t business_date,
                     struct arena *arena)
{
    struct exclusion e = {.expires = DATE_NONE, .reason = arena_dup(arena, view_of(l->field[6]))};
    int index = strcmp(l->field[1], "override") == 0;
    unsigned list = index ? REFERENCE_OVERRIDE : REFERENCE_EXCLUSION;
    if (l->field[5][0] && !date_parse(view_of(l->field[5]), &e.expires)) return false;
    if (e.expires != DATE_NONE && e.expires < business_date) {
        r->entries_expired[index]++;
        return true;
    }
    r->entries[index]++;
    if (l->field[4][0])
        add_number(r, u, strtoull(l->field[4], NULL, 10), list, &e);
    else
        add_identity(r, u, l, list, &e, arena);
    return true;
}

static int by_number(const void *a, const void *b)
{
    const struct listed_number *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

bool reference_load_lists(const struct unit *u, int32_t business_date, struct arena *arena, struct reference *r,
                          struct status *st)
{
    const char *path = arena_printf(arena, "%s/parameters/lists.tsv", u->folder);
    if (!os_exists(path)) return true;
    struct buf text;
    buf_init(&text, LIST_FILE_MAX);
    bool ok = os_read_file(path, &text, st);
    int count = 0, number = 0;
    for (size_t i = 0; ok && i < text.length; i++) count += text.bytes[i] == '\n';
    r->numbers = arena_array(arena, struct listed_number, count + 1);
    for (char *p = text.bytes; ok && p && *p; number++) {
        struct line l;
        char *end = strchr(p, '\n');
        if (end) *end++ = 0;
        ok = split(p, &l) && add_line(r, u, &l, business_date, arena);
        if (!ok) status_fail(st, STATUS_CORRUPT, "\"%s\": line %d is no list entry", path, number + 1);
        p = end;
    }
    buf_release(&text);
    if (r->numbers_count) qsort(r->numbers, (size_t)r->numbers_count, sizeof *r->numbers, by_number);
    return ok;
}

const struct listed_number *reference_listed_number(const struct reference *r, uint64_t number, unsigned list)
{
    int low = 0, high = r->numbers_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (r->numbers[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < r->numbers_count && r->numbers[low].number == number; low++)
        if (r->numbers[low].lists & list) return &r->numbers[low];
    return NULL;
}
