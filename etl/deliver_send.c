/* One file of a set: upload, commit, and finding out what became of a request without an answer. */
#include "etl/deliver_inside.h"

#include "base/os.h"

#include <inttypes.h>
#include <stdio.h>

/* Servers that write behind report a size too small for a moment after "226 complete". */
static const int64_t SETTLE_MS[] = {0, 50, 100, 200, 400};
enum { SETTLE_COUNT = sizeof SETTLE_MS / sizeof *SETTLE_MS };

static bool look(struct deliver_job *job, const char *name, uint64_t expected, struct transfer_seen *seen,
                 struct status *st)
{
    return transfer_look(job->transfer, name, expected, seen, st);
}

/* Looks until the size is right, for as long as a server may take to settle. */
static bool look_settled(struct deliver_job *job, const char *name, uint64_t bytes, struct transfer_seen *seen,
                         struct status *st)
{
    for (int i = 0; i < SETTLE_COUNT; i++) {
        os_sleep_ms(SETTLE_MS[i]);
        if (!look(job, name, bytes, seen, st)) return false;
        if (seen->exists && seen->bytes == bytes) return true;
    }
    return true;
}

/* --- going back --- */

/* The file has to be sent again: STATUS_TRANSFER, so that the caller tries again from the ledger. Always false. */
static bool send_again(struct deliver_job *job, struct deliver_item *item, const char *why, struct status *st)
{
    item->part_stands = false;
    if (!deliver_note(job, item, LEDGER_PREPARED, why, st)) return false;
    if (item->is_file && deliver_set_state(job) != LEDGER_PREPARED &&
        !deliver_note(job, NULL, LEDGER_PREPARED, why, st))
        return false;
    return status_fail(st, STATUS_TRANSFER, "\"%s\" at target \"%s\": %s; it is sent again", item->final,
                       job->target->place.name, why);
}

/* An idempotent receiver gets the whole set anew: a .ok alone would announce files that it has already taken away. */
static bool send_all_again(struct deliver_job *job, const char *why, struct status *st)
{
    for (int i = 0; i < job->items_count; i++) {
        job->items[i].part_stands = false;
        if (!deliver_note(job, &job->items[i], LEDGER_PREPARED, why, st)) return false;
    }
    if (!deliver_note(job, NULL, LEDGER_PREPARED, why, st)) return false;
    return status_fail(st, STATUS_TRANSFER,
                       "set %s at target \"%s\": %s; the whole set is sent again (idempotent = yes)", job->name,
                       job->target->place.name, why);
}

/* Neither NAME nor NAME.part is there after a rename may have been requested. */
static bool gone(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    if (!job->target->consumes) return send_again(job, item, "it is gone although the receiver keeps files", st);
    if (!deliver_look_for_ack(job, st)) return false;
    if (deliver_set_state(job) != LEDGER_COMMITTING) return true;
    if (job->target->idempotent) return send_all_again(job, "the answer to a rename was lost and the file is gone", st);
    static const char WHY[] = "the answer to the rename was lost and the file is gone: taken by the receiver, or not";
    return deliver_note(job, item, LEDGER_UNKNOWN, WHY, st) && deliver_note(job, NULL, LEDGER_UNKNOWN, item->name, st);
}

/* --- upload --- */

/* Wrong bytes at the target are removed, so that nobody takes or continues them. Always false. */
static bool wrong_part(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    struct status ignored = {0}; /* the cause is reported; the next try looks again */
    transfer_remove(job->transfer, item->part, &ignored);
    return status_while(st, "verifying the upload; it was removed");
}

static bool verify_digest(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    char found[65];
    if (!transfer_digest(job->transfer, item->part, item->bytes, found, st)) return false;
    if (strcmp(found, item->sha256) == 0) return true;
    status_fail(st, STATUS_TRANSFER, "\"%s\" at target \"%s\" has SHA-256 %s, sent was %s", item->part,
                job->target->place.name, found, item->sha256);
    return wrong_part(job, item, st);
}

static bool verify_part(struct deliver_job *job, struct deliver_item *item, bool digest, struct status *st)
{
    struct transfer_seen seen;
    if (!look_settled(job, item->part, item->bytes, &seen, st)) return false;
    if (!seen.exists || seen.bytes != item->bytes) {
        status_fail(st, STATUS_TRANSFER,
                    "\"%s\" at target \"%s\" has %" PRIu64 " bytes after the upload, sent were %" PRIu64, item->part,
                    job->target->place.name, seen.bytes, item->bytes);
        return wrong_part(job, item, st);
    }
    return !digest || verify_digest(job, item, st);
}

/* Where an interrupted upload may be continued. Only where the digest of the whole is compared afterwards: nothing else
 * vouches for the bytes that are there already (servers that zero-fill, somebody else's file). */
static bool find_offset(struct deliver_job *job, struct deliver_item *item, uint64_t *offset, struct status *st)
{
    struct transfer_seen seen;
    *offset = 0;
    if (!look(job, item->part, item->bytes, &seen, st)) return false;
    if (seen.exists && seen.bytes > item->bytes) return transfer_remove(job->transfer, item->part, st);
    if (seen.exists) *offset = seen.bytes;
    return true;
}

static bool send_bytes(struct deliver_job *job, struct deliver_item *item, uint64_t offset, struct status *st)
{
    char sent[65];
    if (offset == item->bytes && offset > 0) return true; /* all there: the digest decides */
    if (!transfer_put(job->transfer, &item->source, item->bytes, item->part, offset, sent, st)) return false;
    job->result->files_sent++;
    job->result->bytes_sent += item->bytes - offset;
    if (offset > 0 || strcmp(sent, item->sha256) == 0) return true;
    status_fail(st, STATUS_CORRUPT, "\"%s\" changed since it was prepared: SHA-256 %s, now %s",
                item->source.path ? item->source.path : item->name, item->sha256, sent);
    status_hint(st, "a committed generation never changes: look who wrote into its folder");
    return wrong_part(job, item, st);
}

bool deliver_upload(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    struct transfer_seen seen;
    bool digest;
    uint64_t offset = 0;
    if (item->part_stands) return true;
    if (deliver_item_state(job, item) == LEDGER_UPLOADED) {
        if (!look(job, item->part, item->bytes, &seen, st)) return false;
        item->part_stands = seen.exists && seen.bytes == item->bytes;
        return item->part_stands || send_again(job, item, "its .part is gone or has another size", st);
    }
    ensure(deliver_item_state(job, item) == LEDGER_PREPARED);
    if (!transfer_has_digest(job->transfer, &digest, st)) return false;
    if (digest && transfer_resumes(job->transfer) && !find_offset(job, item, &offset, st)) return false;
    if (!send_bytes(job, item, offset, st) || !verify_part(job, item, digest, st)) return false;
    item->part_stands = true;
    return deliver_note(job, item, LEDGER_UPLOADED, digest ? "size and SHA-256 verified" : "size verified", st);
}

/* --- commit --- */

/* Whatever stands under the final name now is not what the ledger knows: a leftover of an earlier sending. SFTP servers
 * refuse to rename onto it, FTP servers differ. */
static bool free_name(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    struct transfer_seen seen;
    if (!look(job, item->final, item->bytes, &seen, st)) return false;
    return !seen.exists || transfer_remove(job->transfer, item->final, st);
}

/* The rename was answered with yes. A consuming receiver may have taken the file by now. */
static bool verify_rename(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    struct transfer_seen seen;
    if (!look(job, item->final, item->bytes, &seen, st)) return false;
    if (!seen.exists && job->target->consumes) return true;
    if (seen.exists && seen.bytes == item->bytes) return true;
    if (!look_settled(job, item->final, item->bytes, &seen, st)) return false;
    if (seen.exists && seen.bytes == item->bytes) return true;
    return status_fail(st, STATUS_TRANSFER, "\"%s\" at target \"%s\" %s after it was renamed", item->final,
                       job->target->place.name, seen.exists ? "has another size" : "is missing");
}

static bool rename_part(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    return transfer_rename(job->transfer, item->part, item->final, st) && verify_rename(job, item, st) &&
           deliver_note(job, item, LEDGER_DELIVERED, "rename verified", st);
}

static bool final_is_right(struct deliver_job *job, struct deliver_item *item, bool *right, struct status *st)
{
    bool digest;
    char found[65];
    *right = true;
    if (!transfer_has_digest(job->transfer, &digest, st)) return false;
    if (!digest) return true; /* its size was compared, and its .part was verified before */
    if (!transfer_digest(job->transfer, item->final, item->bytes, found, st)) return false;
    *right = strcmp(found, item->sha256) == 0;
    return true;
}

/* A rename may have been requested and was not answered: what stands at the target tells. */
static bool find_out(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    struct transfer_seen final, part;
    bool right = false;
    if (!look(job, item->final, item->bytes, &final, st) || !look(job, item->part, item->bytes, &part, st))
        return false;
    if (final.exists && final.bytes == item->bytes && !final_is_right(job, item, &right, st)) return false;
    if (right)
        return (!part.exists || transfer_remove(job->transfer, item->part, st)) &&
               deliver_note(job, item, LEDGER_DELIVERED, "found under its name", st);
    if (part.exists && part.bytes == item->bytes) return free_name(job, item, st) && rename_part(job, item, st);
    if (final.exists || part.exists) return send_again(job, item, "what stands there is not what was sent", st);
    return gone(job, item, st);
}

bool deliver_commit(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    enum ledger_state state = deliver_item_state(job, item);
    if (state == LEDGER_DELIVERED) return true;
    if (state == LEDGER_COMMITTING) return find_out(job, item, st);
    return deliver_upload(job, item, st) && free_name(job, item, st) &&
           deliver_note(job, item, LEDGER_COMMITTING, "", st) && rename_part(job, item, st);
}

bool deliver_verify_final(struct deliver_job *job, struct deliver_item *item, struct status *st)
{
    struct transfer_seen seen;
    if (!look(job, item->final, item->bytes, &seen, st)) return false;
    if (seen.exists && seen.bytes == item->bytes) return true;
    return send_again(job, item, "it is gone, or has another size, before the set was announced", st);
}

static bool remove_old_ack(struct deliver_job *job, struct status *st)
{
    if (!job->target->ack_file) return true;
    const char *name = deliver_expand(&job->arena, job->target->ack_file, job->set->unit, job->set->key, "");
    ensure(name);
    return transfer_remove(job->transfer, name, st);
}

/* Before a set is sent anew: its announcement, the answer to it, and uploads of files that are no longer part of it. */
bool deliver_remove_leftovers(struct deliver_job *job, struct status *st)
{
    const struct ledger_set *s = ledger_find(job->ledger, job->set->key);
    if (s->preparation < 2 && !s->was_committing) return true;
    if (!transfer_remove(job->transfer, deliver_ok_item(job)->final, st) || !remove_old_ack(job, st)) return false;
    for (int i = 0; i < s->files_count; i++) {
        if (s->files[i].preparation == s->preparation) continue;
        const char *part =
            arena_printf(&job->arena, "%s%s%s.part", job->folder, job->folder[0] ? "/" : "", s->files[i].name);
        if (!transfer_remove(job->transfer, part, st)) return false;
    }
    return true;
}
