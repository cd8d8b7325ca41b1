/* reference: what the night's files do not bring, out of the generation before; and what the generation keeps of it. */
#include "etl/rates.h"

bool reference_settle(struct reference *r, const struct unit *u, int32_t business_date, const char *past_folder,
                      const char *past_name, struct arena *arena, struct status *st)
{
    bool there = false;
    struct reference *past = arena_new(arena, struct reference);
    if (past_folder && !rates_read(past_folder, arena, past, &there, st)) return false;
    if (!rates_settle(r, u, business_date, there ? past : NULL, past_name, st)) return false;
    for (int k = 0; k < QUOTE_KINDS; k++) {
        enum quote_kind kind = (enum quote_kind)k;
        struct quotes before = {0};
        there = false;
        if (past_folder && !quote_read(kind, past_folder, arena, &before, &there, st)) return false;
        if (!quote_settle(r->quotes[k], kind, u, business_date, there ? &before : NULL, past_name, r->came[k], arena,
                          st))
            return false;
    }
    return true;
}

bool reference_write(const struct reference *r, const char *folder, struct status *st)
{
    if (!rates_write(r, folder, st)) return false;
    for (int k = 0; k < QUOTE_KINDS; k++)
        if (r->quotes[k]->count && !quote_write(r->quotes[k], (enum quote_kind)k, folder, st)) return false;
    return true;
}
