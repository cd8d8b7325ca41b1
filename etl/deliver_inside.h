/* deliver_inside: one delivery while it runs; shared by etl/deliver_*.c only.
 *
 * deliver.c            the call: order, states, tries again     deliver_send.c    one file: upload, commit, find out
 * deliver_manifest.c   names, digests, manifest, PREPARED       deliver_ack.c     the receiver's answer
 * deliver_target.c     the unit file                            deliver_status.c  what is known of a target
 * deliver_decide.c     decisions of a person                    deliver_follow.c, deliver_plan.c, deliver_content.c:
 *                                                               which set is due, and its files (etl/deliver_follow.h)
 */
#ifndef CRMX_ETL_DELIVER_INSIDE_H
#define CRMX_ETL_DELIVER_INSIDE_H

#include "etl/deliver.h"

/* The commands that messages tell a person to type: unit, target, set. */
#define DELIVER_COMMAND_LIST "crmx delivery list --unit %s --target %s"
#define DELIVER_COMMAND_RUN "crmx delivery run --unit %s --target %s"
#define DELIVER_COMMAND_CONFIRM "crmx delivery resolve --unit %s --target %s %s --confirm --reason TEXT"
#define DELIVER_COMMAND_RESEND "crmx delivery resolve --unit %s --target %s %s --resend --reason TEXT"

struct deliver_item {  /* a file of the set, its manifest, or its .ok */
    const char *name;  /* last part of the name at the target; the name in the ledger */
    const char *final; /* name at the target */
    const char *part;  /* final + ".part" */
    struct transfer_source source;
    uint64_t bytes;
    char sha256[65];
    bool is_file;     /* of the set: sent in the upload phase, renamed in the commit phase */
    bool part_stands; /* .part was verified over this connection */
};

struct deliver_job {
    const struct deliver_target *target;
    const struct deliver_set *set;
    const struct deliver_options *options;
    struct deliver_result *result;
    struct arena arena;
    struct ledger *ledger;
    struct transfer *transfer;  /* open while sending */
    const char *name;           /* "11.20261120.001" */
    const char *folder;         /* of the set at the target, "" for none */
    struct deliver_item *items; /* files of the set, then the manifest, last the .ok */
    int items_count;
    char manifest[65]; /* SHA-256 */
};

static inline struct deliver_item *deliver_manifest_item(const struct deliver_job *job)
{
    return &job->items[job->items_count - 2];
}
static inline struct deliver_item *deliver_ok_item(const struct deliver_job *job)
{
    return &job->items[job->items_count - 1];
}

/* --- deliver.c --- */
enum ledger_state deliver_set_state(const struct deliver_job *job);
enum ledger_state deliver_item_state(const struct deliver_job *job, const struct deliver_item *item);
/* Writes the change into the ledger; item NULL: of the set. */
bool deliver_note(struct deliver_job *job, const struct deliver_item *item, enum ledger_state to, const char *detail,
                  struct status *st);
void deliver_tell(const struct deliver_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- deliver_manifest.c --- */
/* {unit} {date} {seq} {name} replaced; NULL when the pattern has another {…}. */
const char *deliver_expand(struct arena *arena, const char *pattern, const char *unit, struct ledger_key key,
                           const char *name);
bool deliver_check_set(struct deliver_job *job, struct status *st);
/* Makes the items and their names at the target. */
bool deliver_name_items(struct deliver_job *job, struct status *st);
/* Fixes their bytes in the ledger, or finds that they are the ones fixed before. */
bool deliver_prepare(struct deliver_job *job, struct status *st);

/* --- deliver_send.c --- */
bool deliver_upload(struct deliver_job *job, struct deliver_item *item, struct status *st);
/* Renames and verifies, or finds out what became of an earlier rename. On success the file is DELIVERED, or the set is
 * no longer COMMITTING (UNKNOWN, ACKED). */
bool deliver_commit(struct deliver_job *job, struct deliver_item *item, struct status *st);
/* Does the file stand under its final name? If not, it is sent again (false). */
bool deliver_verify_final(struct deliver_job *job, struct deliver_item *item, struct status *st);
bool deliver_remove_leftovers(struct deliver_job *job, struct status *st);

/* --- deliver_ack.c --- */
/* Reads the acknowledgement and changes the set to ACKED, or to UNKNOWN when the receiver refused it. No ack_file, or
 * none there yet: nothing happens. */
bool deliver_look_for_ack(struct deliver_job *job, struct status *st);

#endif
