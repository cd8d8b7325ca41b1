/* ledger: what has been sent to one target, and how far. The truth of step 120 (deliver); the database only shows it.
 *
 * One append-only file per unit and target, state/units/UU/ledger/TARGET.ledger. A *set* is what a business date
 * delivers (date and sequence number); it has files. Every change of a state is one line, written and fsynced before
 * the next request goes out:
 *
 *     NUMBER <tab> TIME <tab> SET <tab> FILE or - <tab> STATE <tab> DETAIL <tab> CHECK
 *
 * CHECK is XXH3-64 of the line before it, seeded with the CHECK of the previous line: a line that was changed, lost or
 * moved breaks the chain. The first line names unit and target, so that a ledger cannot be taken for another one's.
 *
 * States of a set (the ways to the left end in PREPARED):
 *
 *     PREPARED ──► UPLOADED ──► COMMITTING ──► DELIVERED ──► ACKED
 *        ▲            │            │   ▲           │           │
 *        │◄───────────┘            │   │ confirm   │ refused   │
 *        │    .part is gone        │   │ (person)  │ by the    │
 *        │                         │   │           │ receiver  │
 *        │◄────────────────────────┴─► UNKNOWN ◄───┘           │
 *        │  gone, the receiver keeps      │                    │
 *        │◄───────────────────────────────┴────────────────────┘
 *           resend (person; also from DELIVERED)
 *
 * UNKNOWN also ends in ACKED when the acknowledgement comes after all. A file goes NONE, PREPARED, UPLOADED,
 * COMMITTING, DELIVERED, with UNKNOWN and the ways back as above.
 *
 *     PREPARED    the bytes are fixed: size and SHA-256 of each file and of the manifest are in the ledger
 *     UPLOADED    NAME.part is at the target, its size (and digest, where it can be had) verified
 *     COMMITTING  the rename to the name the receiver looks for may have been requested
 *     DELIVERED   the rename was verified; for a set: its .ok file stands at the target
 *     UNKNOWN     the answer was lost and a consuming receiver may or may not have taken it: a person decides
 *     ACKED       the receiver has acknowledged the set
 *
 * A person may also take a set from any state to DELIVERED ("brought by hand"), or make the ledger's first entry so.
 *
 * A line whose STATE is RESYNC changes no state: from then on what was acknowledged up to its SET does not count.
 *
 * After a crash: a torn last line is recognised, cut off with a notice, and its request is found out at the target. A
 * bad line with lines after it is no crash: STATUS_CORRUPT, nothing is sent. A failed write or fsync makes the ledger
 * refuse every further change of this process: whether the line is on disk is then not known, and the next process
 * reads it anew.
 */
#ifndef CRMX_ETL_LEDGER_H
#define CRMX_ETL_LEDGER_H

#include "base/status.h"

#include <stdint.h>

enum ledger_state {
    LEDGER_NONE,
    LEDGER_PREPARED,
    LEDGER_UPLOADED,
    LEDGER_COMMITTING,
    LEDGER_DELIVERED,
    LEDGER_UNKNOWN,
    LEDGER_ACKED,
    LEDGER_STATES_COUNT
};

enum {
    LEDGER_BYTES_MAX = 64 << 20, /* about 26 years of ten files a night */
    LEDGER_FILES_MAX = 256,      /* files of one set */
    LEDGER_NAME_MAX = 128,       /* bytes of a file name */
    LEDGER_DETAIL_MAX = 400,
    LEDGER_SEQ_MAX = 999999
};

struct ledger_key {
    int32_t date; /* business date */
    uint32_t seq; /* from 1; a corrected file of a delivered date is the next one */
};
struct ledger_key_text {
    char text[24]; /* "20261120.001" */
};

struct ledger_file {
    const char *name;
    enum ledger_state state;
    uint64_t bytes;
    char sha256[65];
    unsigned preparation; /* number of the preparation that fixed these bytes */
};

struct ledger_set {
    struct ledger_key key;
    enum ledger_state state;
    unsigned preparation;    /* how often it was prepared; files of an older number are no longer part of the set */
    bool was_committing;     /* since its last preparation a rename may have been requested: the bytes must stay */
    char generation[64];     /* "": brought by hand */
    struct ledger_key basis; /* the set it is a delta upon, as last prepared; seq 0: full */
    char manifest[65];       /* SHA-256 of the manifest */
    char changed[21];        /* time of the last change */
    const char *detail;      /* of the last change of the set */
    struct ledger_file *files;
    int files_count, files_capacity;
};

/* A person said that the receiver's state is not what its acknowledgements say: RESYNC, a line that changes no state.
 * */
struct ledger_resync {
    bool there;
    struct ledger_key after; /* what was acknowledged up to this set counts no more */
    struct ledger_key from;  /* the receiver is back at this set; seq 0: it needs a full set */
    const char *detail;
};

struct ledger;

/* Opens for writing and locks; makes file and folder when they are missing. STATUS_BUSY: another process delivers to
 * this target. STATUS_CORRUPT: a line in the middle is bad, or the file belongs to another unit or target. */
struct ledger *ledger_open(const char *path, const char *unit, const char *target, struct status *st);
/* Opens for reading only, beside a writer; a half-written last line is left out. A missing file is an empty ledger. */
struct ledger *ledger_read(const char *path, struct status *st);
void ledger_close(struct ledger *l);

/* What opening did that somebody should know (a torn line cut off), or NULL. */
const char *ledger_notice(const struct ledger *l);
const char *ledger_unit(const struct ledger *l);
const char *ledger_target(const struct ledger *l);

/* Sets in order of their keys. The pointers live until the next ledger_change or ledger_close. */
int ledger_sets_count(const struct ledger *l);
const struct ledger_set *ledger_set_at(const struct ledger *l, int index);
const struct ledger_set *ledger_find(const struct ledger *l, struct ledger_key key);
const struct ledger_file *ledger_find_file(const struct ledger_set *s, const char *name);

/* The one function that changes a state: of the set (file NULL) or of one file. Appends the line, fsyncs, then believes
 * it. detail: "bytes=N sha256=HEX" for a file that becomes PREPARED, "generation=G manifest=HEX" for a set (both may be
 * left out on the way back: then the bytes stay as they were); else free text. A transition that is not drawn above is
 * a bug. PREPARED of a file is not fsynced by itself: it counts with the PREPARED of its set, which follows. */
bool ledger_change(struct ledger *l, struct ledger_key key, const char *file, enum ledger_state to, const char *detail,
                   struct status *st);

/* The last RESYNC; and its line: after is a set of the ledger, from one, too, or seq 0. */
struct ledger_resync ledger_resync(const struct ledger *l);
bool ledger_note_resync(struct ledger *l, struct ledger_key after, struct ledger_key from, const char *detail,
                        struct status *st);

const char *ledger_state_name(enum ledger_state state);
static inline bool ledger_done(enum ledger_state state)
{
    return state == LEDGER_DELIVERED || state == LEDGER_ACKED;
}
int ledger_key_compare(struct ledger_key a, struct ledger_key b);
struct ledger_key_text ledger_key_format(struct ledger_key key);
/* "20261120.001" or "2026-11-20.1". */
bool ledger_key_parse(const char *text, struct ledger_key *key);

#endif
