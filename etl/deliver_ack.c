/* The receiver's acknowledgement 回执: a small file it writes when it has loaded a set.
 *
 * First word: accepted (or nothing at all) | refused. Any word of 64 hexadecimal digits must be the SHA-256 of the
 * manifest: an acknowledgement of other bytes is none of this set. The rest is text for people.
 */
#include "etl/deliver_inside.h"

#include "base/os.h"

#include <ctype.h>
#include <stdio.h>

static bool is_digest(struct view word)
{
    if (word.length != 64) return false;
    for (size_t i = 0; i < word.length; i++)
        if (!isxdigit((unsigned char)word.bytes[i])) return false;
    return true;
}

static bool names_other_manifest(const struct deliver_job *job, struct view text)
{
    for (struct view word; (word = view_word(&text)).length;)
        if (is_digest(word) && job->manifest[0] && strncasecmp(word.bytes, job->manifest, 64) != 0) return true;
    return false;
}

/* A person has spoken after a refusal: the old file does not speak again. An acceptance is always welcome. */
static bool decided_by_person(const struct deliver_job *job)
{
    const struct ledger_set *s = ledger_find(job->ledger, job->set->key);
    return s->state == LEDGER_DELIVERED && strncmp(s->detail, "by=", 3) == 0;
}

static bool take_answer(struct deliver_job *job, struct view text, struct status *st)
{
    struct view rest = view_trim(text), all = rest, word = view_word(&rest);
    char detail[LEDGER_DETAIL_MAX];
    int shown = all.length < 200 ? (int)all.length : 200;
    bool refused = view_is(word, "refused"), other = names_other_manifest(job, all);
    if (word.length && !refused && !view_is(word, "accepted") && !is_digest(word)) {
        snprintf(detail, sizeof detail, "acknowledgement not understood: %.*s", shown, all.bytes);
        refused = true;
    } else
        snprintf(detail, sizeof detail, "%s%.*s", other ? "acknowledgement of another manifest: " : "receiver: ", shown,
                 all.length ? all.bytes : "");
    if (!refused && !other) return deliver_note(job, NULL, LEDGER_ACKED, detail, st);
    if (deliver_set_state(job) == LEDGER_UNKNOWN || decided_by_person(job)) return true;
    return deliver_note(job, NULL, LEDGER_UNKNOWN, detail, st);
}

bool deliver_look_for_ack(struct deliver_job *job, struct status *st)
{
    if (!job->target->ack_file) return true;
    const char *name = deliver_expand(&job->arena, job->target->ack_file, job->set->unit, job->set->key, "");
    ensure(name);
    struct buf text;
    bool exists;
    buf_init(&text, TRANSFER_SMALL_MAX);
    bool ok = transfer_get(job->transfer, name, &text, &exists, st);
    if (ok && exists) {
        for (size_t i = 0; i < text.length; i++) /* one line: words are cut at blanks */
            if (text.bytes[i] == '\n' || text.bytes[i] == '\r') text.bytes[i] = ' ';
        ok = take_answer(job, buf_view(&text), st);
    }
    buf_release(&text);
    return ok;
}

/* --- of sets that went before --- */

static bool wants_answer(const struct ledger_set *s)
{
    return s->state == LEDGER_DELIVERED || s->state == LEDGER_UNKNOWN;
}

/* Asks for each set that waits; latest last, so that a refusal of the latest one is what stands. */
static bool ask_for_all(struct deliver_job *job, int first, struct status *st)
{
    for (int i = first; i < ledger_sets_count(job->ledger); i++) {
        const struct ledger_set *s = ledger_set_at(job->ledger, i);
        if (!wants_answer(s)) continue;
        struct deliver_set set = {.unit = job->set->unit, .key = s->key};
        const struct deliver_set *before = job->set;
        snprintf(job->manifest, sizeof job->manifest, "%s", s->manifest);
        job->set = &set;
        bool ok = deliver_look_for_ack(job, st);
        job->set = before;
        if (!ok) return false;
    }
    return true;
}

bool deliver_acks(const struct deliver_target *target, const char *unit, const struct deliver_options *options,
                  struct status *st)
{
    struct deliver_set any = {.unit = unit};
    struct deliver_job job = {.target = target, .set = &any, .options = options};
    int first = 0;
    bool waits = false;
    if (!target->ack_file || !os_exists(options->ledger_path)) return true;
    arena_init(&job.arena, "acknowledgements");
    job.ledger = ledger_open(options->ledger_path, unit, target->place.name, st);
    bool ok = job.ledger != NULL;
    for (int i = ok ? ledger_sets_count(job.ledger) : 0; i-- > 0 && first == 0;) {
        const struct ledger_set *s = ledger_set_at(job.ledger, i);
        waits |= wants_answer(s);
        if (s->state == LEDGER_ACKED) first = i + 1; /* what was before it is of no interest any more */
    }
    if (ok && waits) {
        job.transfer = transfer_open(&target->place, st);
        ok = job.transfer && ask_for_all(&job, first, st);
        transfer_close(job.transfer);
    }
    ledger_close(job.ledger);
    arena_release(&job.arena);
    return ok || status_while(st, "looking for acknowledgements of target \"%s\"", target->place.name);
}
