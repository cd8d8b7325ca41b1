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
    size_t n = identity_number(in->im->unit->identity,
                               l->encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8,
                               decode_text(l, l->role_field[ROLE_ID_TYPE], record_bytes),
                               decode_text(l, l->role_field[ROLE_ID_NO], record_bytes), number, &class, &key,
                               corporate);
    *meant = key.key == x->key && (key.strength == IDENTITY_EXACT ||
                                   (view_is(class, x->class) && view_is((struct view){number, n}, x->number)));
    return true;
}

bool integrate_exclusions(struct integrate *in, struct status *st)
{
    const struct reference *r = in->reference;
    int bits = in->im->identity_bits;
    in->excluded_place = calloc(in->customers / 64 + 1u, 8);
    struct apply_bytes *bytes = malloc(sizeof *bytes);
    ensure(in->excluded_place && bytes);
    struct segment *identity =
        r->exclusions_count ? segment_open(arena_printf(in->im->arena, "%s/identity.dir", in->folder), st) : NULL;
    bool ok = identity || !r->exclusions_count;
    struct directory_rows rows;
    directory_rows_init(&rows);
    in->excluded_count = 0;
    for (int i = 0; ok && i < r->exclusions_count; i++) {
        const struct exclusion *x = &r->exclusions[i];
        uint32_t partition = import_partition(x->key, bits);
        if (!rows.fingerprint || rows.partition != partition) ok = directory_load(identity, partition, bits, &rows, st);
        uint32_t wanted = directory_fingerprint(directory_hash(x->key), bits);
        for (uint64_t k = ok && rows.count ? directory_first(&rows, wanted) : 0;
             ok && k < rows.count && rows.fingerprint[k] == wanted; k++) {
            uint32_t index = (uint32_t)(directory_number(rows.number[k]) - in->first_number);
            bool meant;
            ok = is_meant(in, x, bytes, rows.record[k], &meant, st);
            if (!ok || !meant || apply_bit(in->excluded_place, index)) continue;
            apply_mark(in->excluded_place, index);
            in->excluded_count++;
        }
    }
    directory_rows_release(&rows);
    segment_close(identity);
    free(bytes);
    return ok || status_while(st, "applying the exclusion list");
}
