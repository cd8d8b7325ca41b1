/* integrate, part 7: the exclusion list 剔除名单 of tonight against the whole population, through tonight's identity
 * directory. At an initial load the identities are matched anyway, and integrate_identity has done it. */
#include "etl/integrate.h"

#include <string.h>

static bool is_meant(struct integrate *in, const struct exclusion *x, struct apply_bytes *bytes, uint32_t record,
                     bool *meant, struct status *st)
{
    char number[IDENTITY_NUMBER_MAX + 8];
    struct view class;
    struct identity_key key;
    if (!apply_read(in->im->inputs, -1, record, bytes, st)) return false;
    const struct layout *l = bytes->file->layout;
    const unsigned char *record_bytes = apply_record_bytes(bytes);
    int type = l->role_field[ROLE_CUSTOMER_TYPE];
    bool corporate = type >= 0 && !view_is(decode_text(l, type, record_bytes), "P");
    size_t n =
        identity_number(in->im->unit->identity, l->encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8,
                        decode_text(l, l->role_field[ROLE_ID_TYPE], record_bytes),
                        decode_text(l, l->role_field[ROLE_ID_NO], record_bytes), number, &class, &key, corporate);
    bool exact = key.strength == IDENTITY_EXACT && x->strength == IDENTITY_EXACT; /* as is_listed at an initial load */
    *meant = key.key == x->key && (exact || (view_is(class, x->class) && view_is((struct view){number, n}, x->number)));
    return true;
}

struct marking {
    struct integrate *in;
    struct segment *identity;
    struct directory_rows rows;
    struct apply_bytes *bytes;
};

/* The customers of a list's entries, as bits by index; *marked of them. */
static bool mark_list(struct marking *m, const struct exclusion *list, int count, uint64_t *bitmap, uint64_t *marked,
                      struct status *st)
{
    int bits = m->in->im->identity_bits;
    bool ok = true;
    *marked = 0;
    for (int i = 0; ok && i < count; i++) {
        uint32_t partition = import_partition(list[i].key, bits);
        if (!m->rows.fingerprint || m->rows.partition != partition)
            ok = directory_load(m->identity, partition, bits, &m->rows, st);
        uint32_t wanted = directory_fingerprint(directory_hash(list[i].key), bits);
        for (uint64_t k = ok && m->rows.count ? directory_first(&m->rows, wanted) : 0;
             ok && k < m->rows.count && m->rows.fingerprint[k] == wanted; k++) {
            uint32_t index = (uint32_t)(directory_number(m->rows.number[k]) - m->in->first_number);
            bool meant;
            ok = is_meant(m->in, &list[i], m->bytes, m->rows.record[k], &meant, st);
            if (!ok || !meant || bitmap_get(bitmap, index)) continue;
            bitmap_set(bitmap, index);
            ++*marked;
        }
    }
    return ok;
}

bool integrate_exclusions(struct integrate *in, struct status *st)
{
    const struct reference *r = in->reference;
    struct marking m = {.in = in, .bytes = malloc(sizeof *m.bytes)};
    in->excluded_place = calloc(in->customers / 64 + 1u, 8);
    in->overridden_place = calloc(in->customers / 64 + 1u, 8);
    ensure(in->excluded_place && in->overridden_place && m.bytes);
    in->excluded_count = in->overridden_count = 0;
    directory_rows_init(&m.rows);
    bool any = r->exclusions_count || r->overrides_count, ok = true;
    if (any) {
        m.identity = segment_open(arena_printf(in->im->arena, "%s/identity.dir", in->folder), st);
        ok = m.identity &&
             mark_list(&m, r->exclusions, r->exclusions_count, in->excluded_place, &in->excluded_count, st) &&
             mark_list(&m, r->overrides, r->overrides_count, in->overridden_place, &in->overridden_count, st);
    }
    directory_rows_release(&m.rows);
    segment_close(m.identity);
    free(m.bytes);
    return ok || status_while(st, "applying the exclusion and override lists");
}
