/* ledger_line: one line of a ledger as text. Pure: no file, no state. Inside etl/ledger.c only. */
#ifndef CRMX_ETL_LEDGER_LINE_H
#define CRMX_ETL_LEDGER_LINE_H

#include "base/buf.h"
#include "etl/ledger.h"

enum { LEDGER_LINE_MAX = 1024, LEDGER_LINE_FIELDS = 7 };

struct ledger_line {
    uint64_t number;  /* from 1 */
    struct view time; /* wall clock, for people only */
    bool is_head;     /* the first line: detail is "unit=U target=T" */
    bool is_resync;   /* STATE is RESYNC: changes no state; detail is "from=full" or "from=SET" and text */
    struct ledger_key key;
    struct view file; /* empty: the line speaks of the set */
    enum ledger_state state;
    struct view detail;
    uint64_t check;
};

/* Appends the line with its end to out; check becomes the seed of the next line. Control bytes in detail become blanks.
 */
void ledger_line_add(struct buf *out, struct ledger_line *line, uint64_t seed);
/* text without its line end. false: the check does not fit or the shape is wrong; views point into text. */
bool ledger_line_parse(struct view text, uint64_t seed, struct ledger_line *line);
/* The value of KEY in "KEY=VALUE KEY=VALUE …" ; empty when it is not there. */
struct view ledger_detail_value(struct view detail, const char *key);
bool ledger_key_parse_view(struct view text, struct ledger_key *key);

#endif
