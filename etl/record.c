#include "etl/record.h"

void record_reader_init(struct record_reader *r, const struct generation *g)
{
    r->g = g;
}

bool record_at(struct record_reader *r, uint32_t record, struct record *out, struct status *st)
{
    const struct input_file *f = input_file_of(&r->g->inputs, -1, record);
    if (!f) {
        status_fail(st, STATUS_CORRUPT, "generation %s has no archived customer record %u", r->g->id, record);
        return status_hint(st, "see whether it is damaged: crmx generation verify --unit %s", r->g->unit->id);
    }
    *out = (struct record){f, input_record(f, record, r->room, st)};
    return out->bytes;
}
