/* deliver: step 120. A committed generation's CRM files go as one *set* to one *target*, each set once and in order.
 *
 * A follower (architecture 2): it reads committed generations only, a target that is down never costs the night
 * ("committed, not delivered"), and the same call made again continues. What was sent is known from the ledger
 * (etl/ledger.h, the states are drawn there) and from looking at the target, from nothing else.
 *
 * At the target, in the set's folder:
 *     NAME.part …   while they are sent; size verified, and the SHA-256 where it can be had
 *     NAME …        renamed by a request of its own and verified
 *     SET.manifest  names, bytes, records, SHA-256, control sums (docs/delivery.md has the format)
 *     SET.ok        last of all: "SHA-256  SET.manifest"; a receiver waits for this one
 *
 * Rules that hold:
 *   1. The bytes of a set are fixed (PREPARED) before the first one is sent. A resend has the same bytes.
 *   2. A set is announced (.ok) when everything its manifest names has been verified at the target.
 *   3. A set never passes an earlier one: a pending earlier set blocks (delta N+1 builds upon N).
 *   4. Before a request that cannot be taken back its intent is in the ledger; after it the answer is looked for.
 *   5. A file that a consuming receiver may have taken is never sent again by the program, unless the receiver is
 *      idempotent or says by its acknowledgement what it has: the set is UNKNOWN and waits for a person.
 *   6. A try again inside a call and a restart after kill -9 are the same code: connect, look, continue.
 *
 * Status codes of deliver_run: STATUS_TRANSFER the target is down, refuses, or an earlier set blocks: call again later
 * · STATUS_WARNING the set is UNKNOWN: a person decides · STATUS_BUSY somebody else delivers to this target ·
 * STATUS_ENVIRONMENT login, key, certificate · STATUS_USAGE the set or the target is wrong · STATUS_CORRUPT the ledger,
 * or files that are not what was prepared · STATUS_IO our own disk.
 */
#ifndef CRMX_ETL_DELIVER_H
#define CRMX_ETL_DELIVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "etl/ledger.h"
#include "etl/transfer.h"

enum { DELIVER_TARGETS_MAX = 16, DELIVER_FILES_MAX = 200, DELIVER_FILE_NAME_MAX = 100 };

/* --- targets --- */

extern const char *const DELIVER_CONTENT_NAMES[]; /* full delta, NULL-ended */

struct deliver_target {
    struct transfer_place place;
    bool consumes;          /* the receiver takes the files away; else it leaves them (keeps) */
    bool idempotent;        /* … and a set that arrives twice does no harm */
    const char *set_folder; /* below the place; {unit} {date} {seq} are replaced. "" : none */
    const char *file_name;  /* {name} {unit} {date} {seq} */
    const char *ack_file;   /* below the place, or NULL: the receiver's acknowledgement */
    bool delta;             /* content = delta: what changed since the receiver's last acknowledgement */
    const char *events;     /* name of the file of the night's events by rule in a set, or NULL: it is not sent */
    int64_t retries;        /* how often one call goes on after a failed request */
    int64_t retry_wait_ms;  /* before the first; doubles up to 30 s */
};

/* All [target NAME] sections of a unit file, in their order. Paths in it are relative to home (the working folder).
 * Everything lives in the arena. *targets has *count entries, 0 when there is no such section. */
bool deliver_targets_read(struct conf *unit_file, const char *unit, const char *home, struct arena *arena,
                          struct deliver_target **targets, int *count, struct status *st);
/* LEDGERS_FOLDER is state/units/UU/ledger; path[OS_PATH_MAX]. */
bool deliver_ledger_path(const char *ledgers_folder, const char *target, char *path, struct status *st);

/* --- one delivery --- */

struct deliver_file {
    const char *name; /* as the receiver knows it, e.g. CRMRTL */
    const char *path; /* in the folder of the generation */
    uint64_t bytes, records;
    const char *control; /* control sums as text for the manifest, e.g. "balance.CNY=1234567.89"; may be NULL */
};
struct deliver_after { /* what the receiver's table holds once a delta is applied */
    const char *name;
    uint64_t records;
    const char *control;
};
struct deliver_set {
    const char *unit;
    struct ledger_key key;
    const char *generation;
    int32_t business_date;   /* of the generation; 0: that of the key */
    struct ledger_key basis; /* the set a delta builds upon; seq 0: a full set */
    const struct deliver_file *files;
    int files_count;
    const struct deliver_after *after; /* of a delta */
    int after_count;
};
struct deliver_options {
    const char *ledger_path;
    void (*tell)(void *context, const char *text); /* notices for the log, one line each; may be NULL */
    void *context;
    int64_t attempts, attempt_wait_ms; /* of deliver_run_again */
};
struct deliver_result {
    enum ledger_state state;
    uint64_t bytes_sent;
    int files_sent; /* uploads of this call */
    int retries;    /* failed requests it went on after */
    bool already;   /* nothing was to be done */
};

/* Delivers, or continues, or says that it is done. result is filled on failure too. */
bool deliver_run(const struct deliver_target *target, const struct deliver_set *set,
                 const struct deliver_options *options, struct deliver_result *result, struct status *st);

/* The same; a server that is down is asked again, so often and after such a pause, before the set is left to the next
 * call. */
bool deliver_run_again(const struct deliver_target *target, const struct deliver_set *set,
                       const struct deliver_options *options, struct deliver_result *result, struct status *st);

/* Looks for the acknowledgements of all sets since the last acknowledged one. Without ack_file: nothing happens. */
bool deliver_acks(const struct deliver_target *target, const char *unit, const struct deliver_options *options,
                  struct status *st);

/* --- what a person decides --- */

enum deliver_decision {
    DELIVER_CONFIRM, /* the receiver has it: the file of unknown fate, or the set when no file is in question, or a set
                      * that was brought by hand, or (empty ledger) the set from which the ledger starts */
    DELIVER_RESEND,  /* send the whole set again; only the latest one */
    DELIVER_ACKNOWLEDGE, /* the receiver has loaded it: the next delta starts from it */
    DELIVER_RESYNC       /* the receiver's state is another one: it is back at the set `key`, which it had acknowledged;
                          * key.seq 0: it needs a full set */
};
struct deliver_resolution {
    const char *unit, *target;
    struct ledger_key key;
    enum deliver_decision decision;
    const char *by, *reason; /* both wanted: they are kept in the ledger */
};
bool deliver_resolve(const char *ledger_path, const struct deliver_resolution *resolution, struct status *st);

/* --- what is known --- */

enum deliver_form { DELIVER_TEXT, DELIVER_JSON };
/* The sets of a ledger, newest first, at most sets_max (0: all), for `crmx delivery list`. */
bool deliver_status(const char *ledger_path, int sets_max, enum deliver_form form, struct buf *out, struct status *st);

struct deliver_marks {
    struct ledger_key delivered, acked; /* latest set of each kind; seq 0: none yet */
    struct ledger_key pending;          /* the set that is under way or UNKNOWN; seq 0: none */
    char generation[64];                /* of the latest delivered set; "": brought by hand */
    bool resync;                        /* a person asked for it, and no set went since */
};
/* Where the follower stands. */
bool deliver_marks_read(const char *ledger_path, struct deliver_marks *marks, struct status *st);

#endif
