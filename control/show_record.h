/* show_record: source records on a screen, by the data class of each field (JR/T 0171, architecture 10): C1 as it is,
 * C2 masked unless it was asked for (--unmask, which is noted in the log), C3 never.
 *
 *     struct show_record r;
 *     show_record_open(&r, call, "customer show 1100000012");
 *     show_record_value(&r, reader, field, record, &state);     texts live in the call's arena
 *     show_record_close(&r);
 *
 * The command declares the flag "unmask" (SHOW_UNMASK).
 */
#ifndef CRMX_CONTROL_SHOW_RECORD_H
#define CRMX_CONTROL_SHOW_RECORD_H

#include "control/command.h"
#include "control/show.h"
#include "etl/probe_value.h"

#define SHOW_UNMASK                                                                                                    \
    {                                                                                                                  \
        .name = "unmask", .type = COMMAND_FLAG,                                                                        \
        .doc = "show fields of class C2 (ID, name, balance …) as they are; is noted in the log"                      \
    }

struct show_record {
    struct probe_tool *tool;
    struct arena *arena;
    bool unmask;
};

/* looked_at: what the log says was looked at, when --unmask was given. */
void show_record_open(struct show_record *r, struct command_call *call, const char *looked_at);
void show_record_close(struct show_record *r);

/* The decoded value: "1234.50", "2026-10-31", "D". NULL when there is none. *state may be NULL. */
const char *show_record_value(struct show_record *r, const struct probe_reader *reader, int field,
                              const unsigned char *record, enum probe_state *state);
/* A number that belongs to a field of this class but was computed or stands in a column: as it is or "***". */
const char *show_record_number(struct show_record *r, const struct layout_field *f, const char *number);
/* The bytes of one field between bars ("|A |"), and of a whole record. A record of another length than the layout's has
 * its fields somewhere else: it is shown only unmasked, and not at all when the layout has a C3 field. */
const char *show_record_field(struct show_record *r, const struct layout *l, int field, const unsigned char *record);
const char *show_record_bytes(struct show_record *r, const struct layout *l, struct view record);
/* Why the check refuses a field, without its bytes where they are masked. */
const char *show_record_complaint(struct show_record *r, const struct probe_reader *reader, int field,
                                  const unsigned char *record);

/* Every field that has a value, as a value of the section that is open. */
void show_record_fields(struct show_record *r, struct show *s, const struct probe_reader *reader,
                        const unsigned char *record);

/* "110101198001010010" → "110*************10": of a long text the beginning and the end are left, of a short one less.
 * */
const char *show_masked(struct arena *arena, const char *text);

#endif
