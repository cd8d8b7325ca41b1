/* probe_value: what stands in a field of a source record, for people: its bytes as UTF-8, its decoded value and, when
 * the check refuses it, why in words. Whether a field is right is decided by etl/decode alone; here it is only
 * explained.
 *
 * A tool belongs to one thread. Texts are appended to buffers of the caller.
 */
#ifndef CRMX_ETL_PROBE_VALUE_H
#define CRMX_ETL_PROBE_VALUE_H

#include "base/buf.h"
#include "base/charset.h"
#include "etl/decode.h"

/* A layout with what its checks depend on. Lives as long as the arena and what it was made from. */
struct probe_reader {
    const struct layout *layout;
    const struct rates *rates;
    int32_t business_date;
    struct decoder *decoder;
};
struct probe_reader *probe_reader_new(const struct layout *l, const struct rates *rates, int32_t business_date,
                                      struct arena *arena);

struct probe_tool;
struct probe_tool *probe_tool_new(void);
void probe_tool_free(struct probe_tool *t);

/* Bytes of a source file as text: UTF-8, control characters as \xNN, malformed ones as U+FFFD. Returns how many were
 * malformed. */
uint32_t probe_text(struct probe_tool *t, enum layout_encoding encoding, struct view bytes, struct buf *out);

enum probe_state {
    PROBE_GOOD,      /* a value */
    PROBE_NONE,      /* blank or zeros, accepted as "no value" */
    PROBE_UNCHECKED, /* its condition (when=) does not hold: not looked at */
    PROBE_WRONG
};

/* "1234.50", "2026-10-31", "D", "CNY", the trimmed text; nothing for PROBE_NONE and PROBE_UNCHECKED, the trimmed bytes
 * for PROBE_WRONG. */
enum probe_state probe_value(struct probe_tool *t, const struct probe_reader *r, int field, const unsigned char *record,
                             struct buf *out);

/* Everything a field can be refused for. The reason code of a reject is the bank's word (reason= of the layout), the
 * fault is what is wrong. Each has a row in docs/formats.md and a case in tests/etl/test_reasons.c. */
enum probe_fault {
    PROBE_FAULT_BLANK,
    PROBE_FAULT_DIGIT,
    PROBE_FAULT_SIGN,
    PROBE_FAULT_OVERPUNCH,
    PROBE_FAULT_DAY,
    PROBE_FAULT_FROM,
    PROBE_FAULT_TO,
    PROBE_FAULT_FUTURE,
    PROBE_FAULT_CODE,
    PROBE_FAULT_CURRENCY,
    PROBE_FAULT_FUND,
    PROBE_FAULT_VALUE,
    PROBE_FAULT_UNWANTED,
    PROBE_FAULT_COUNT
};
extern const char *const PROBE_FAULTS[PROBE_FAULT_COUNT]; /* as in docs/formats.md */

/* Why the check refuses the field: "byte 3 of 17 is \"A\"; digits are needed". May show the byte itself: the caller
 * masks by leaving it out. shows_bytes false keeps every byte of the record out of the text. */
enum probe_fault probe_complaint(struct probe_tool *t, const struct probe_reader *r, int field,
                                 const unsigned char *record, bool shows_bytes, struct buf *out);
/* "amount scale=2 sign=leading", as in the layout file: type and options without role, reason, keep and data class. */
void probe_type(const struct layout *l, int field, struct buf *out);

#endif
