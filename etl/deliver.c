#include "etl/deliver_inside.h"

#include "base/log.h"
#include "base/os.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { RETRY_WAIT_MAX_MS = 30 * 1000 };

enum ledger_state deliver_set_state(const struct deliver_job *job)
{
    const struct ledger_set *s = ledger_find(job->ledger, job->set->key);
    return s ? s->state : LEDGER_NONE;
}

enum ledger_state deliver_item_state(const struct deliver_job *job, const struct deliver_item *item)
{
    const struct ledger_set *s = ledger_find(job->ledger, job->set->key);
    const struct ledger_file *f = s ? ledger_find_file(s, item->name) : NULL;
    return f ? f->state : LEDGER_NONE;
}

bool deliver_note(struct deliver_job *job, const struct deliver_item *item, enum ledger_state to, const char *detail,
                  struct status *st)
{
    return ledger_change(job->ledger, job->set->key, item ? item->name : NULL, to, detail, st);
}

void deliver_tell(const struct deliver_job *job, const char *format, ...)
{
    char text[1200];
    va_list args;
    if (!job->options->tell) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    job->options->tell(job->options->context, text);
}

/* STATUS_WARNING with the commands a person may type. Always false. */
static bool wait_for_person(const struct deliver_job *job, struct status *st)
{
    const struct ledger_set *s = ledger_find(job->ledger, job->set->key);
    const char *unit = job->set->unit, *target = job->target->place.name, *file = s->detail;
    struct ledger_key_text key = ledger_key_format(s->key);
    const struct ledger_file *f = ledger_find_file(s, file);
    if (f)
        status_fail(
            st, STATUS_WARNING,
            "set %s at target \"%s\" is UNKNOWN: the answer to the rename of \"%s\" was lost and the file is gone; the "
            "receiver may have taken it. Nothing more is sent until a person has asked the receiver",
            job->name, target, file);
    else
        status_fail(st, STATUS_WARNING, "set %s at target \"%s\" is UNKNOWN: %s", job->name, target, s->detail);
    return status_hint(st, "the receiver has %s: " DELIVER_COMMAND_CONFIRM "; it has not: " DELIVER_COMMAND_RESEND,
                       f ? file : "it", unit, target, key.text, unit, target, key.text);
}

/* --- order --- */

static bool blocked_by(const struct deliver_job *job, const struct ledger_set *earlier, struct status *st)
{
    struct ledger_key_text key = ledger_key_format(earlier->key);
    status_fail(st, STATUS_TRANSFER,
                "set %s waits: the earlier set %s of target \"%s\" is %s, and sets never pass each other", job->name,
                key.text, job->target->place.name, ledger_state_name(earlier->state));
    return status_hint(st, "see it: " DELIVER_COMMAND_LIST "; deliver it first: " DELIVER_COMMAND_RUN, job->set->unit,
                       job->target->place.name, job->set->unit, job->target->place.name);
}

static bool check_order(const struct deliver_job *job, struct status *st)
{
    const struct deliver_set *set = job->set;
    const struct ledger_set *own = ledger_find(job->ledger, set->key);
    for (int i = 0; i < ledger_sets_count(job->ledger); i++) {
        const struct ledger_set *s = ledger_set_at(job->ledger, i);
        int order = ledger_key_compare(s->key, set->key);
        if (order < 0 && !ledger_done(s->state)) return blocked_by(job, s, st);
        if (order <= 0 || own) continue;
        status_fail(st, STATUS_USAGE, "set %s comes too late: target \"%s\" already has set %s", job->name,
                    job->target->place.name, ledger_key_format(s->key).text);
        return status_hint(st, "what was sent: " DELIVER_COMMAND_LIST, set->unit, job->target->place.name);
    }
    if (set->basis.seq == 0 || own) return true;
    const struct ledger_set *basis = ledger_find(job->ledger, set->basis);
    if (basis && ledger_done(basis->state)) return true;
    status_fail(st, STATUS_USAGE, "set %s is a delta upon set %s, which target \"%s\" does not have", job->name,
                ledger_key_format(set->basis).text, job->target->place.name);
    return status_hint(st, "send a full set, or see what the target has: " DELIVER_COMMAND_LIST, set->unit,
                       job->target->place.name);
}

/* --- sending --- */

static bool upload_all(struct deliver_job *job, struct status *st)
{
    if (deliver_set_state(job) == LEDGER_PREPARED && !deliver_remove_leftovers(job, st)) return false;
    for (int i = 0; i < job->set->files_count; i++)
        if (deliver_item_state(job, &job->items[i]) != LEDGER_DELIVERED && /* delivered: the others went back alone */
            deliver_item_state(job, &job->items[i]) != LEDGER_COMMITTING && !deliver_upload(job, &job->items[i], st))
            return false;
    if (deliver_set_state(job) == LEDGER_PREPARED && !deliver_note(job, NULL, LEDGER_UPLOADED, "", st)) return false;
    return deliver_note(job, NULL, LEDGER_COMMITTING, "", st);
}

/* True also when the set came to wait for a person or was acknowledged on the way. */
static bool commit_all(struct deliver_job *job, struct status *st)
{
    const struct deliver_item *ok = deliver_ok_item(job);
    for (int i = 0; i < job->items_count; i++) {
        struct deliver_item *item = &job->items[i];
        for (int k = 0; item == ok && !job->target->consumes && k < i; k++) /* rule 2 */
            if (deliver_item_state(job, ok) != LEDGER_DELIVERED && !deliver_verify_final(job, &job->items[k], st))
                return false;
        if (!deliver_commit(job, item, st)) return false;
        if (deliver_set_state(job) != LEDGER_COMMITTING) return true;
    }
    for (int i = 0; i < job->items_count; i++) ensure(deliver_item_state(job, &job->items[i]) == LEDGER_DELIVERED);
    return deliver_note(job, NULL, LEDGER_DELIVERED, "", st);
}

static bool send_connected(struct deliver_job *job, struct status *st)
{
    if (job->folder[0] && !transfer_make_folder(job->transfer, job->folder, st)) return false;
    if (deliver_set_state(job) != LEDGER_COMMITTING && !upload_all(job, st)) return false;
    return commit_all(job, st);
}

/* One connection, from whatever the ledger says. */
static bool send_once(struct deliver_job *job, struct status *st)
{
    for (int i = 0; i < job->items_count; i++) job->items[i].part_stands = false;
    job->transfer = transfer_open(&job->target->place, st);
    if (!job->transfer) return false;
    bool ok = send_connected(job, st);
    transfer_close(job->transfer);
    job->transfer = NULL;
    return ok;
}

static bool send_with_retries(struct deliver_job *job, struct status *st)
{
    int64_t wait_ms = job->target->retry_wait_ms;
    for (int64_t left = job->target->retries;; left--) {
        if (send_once(job, st)) return true;
        if (st->code != STATUS_TRANSFER || left == 0) return false;
        deliver_tell(job, "%s; trying again in %" PRId64 " ms, %" PRId64 " left", st->message, wait_ms, left);
        status_clear(st);
        job->result->retries++;
        os_sleep_ms(wait_ms);
        wait_ms = wait_ms * 2 < RETRY_WAIT_MAX_MS ? wait_ms * 2 : RETRY_WAIT_MAX_MS;
    }
}

static bool pending(const struct deliver_job *job, struct status *st)
{
    status_while(st, "delivering set %s to target \"%s\": committed, not delivered", job->name,
                 job->target->place.name);
    if (st->code == STATUS_TRANSFER)
        status_hint(st, "when the target answers again, go on with: " DELIVER_COMMAND_RUN, job->set->unit,
                    job->target->place.name);
    return false;
}

/* --- the call --- */

static bool open_ledger(struct deliver_job *job, struct status *st)
{
    job->ledger = ledger_open(job->options->ledger_path, job->set->unit, job->target->place.name, st);
    if (!job->ledger) return false;
    if (ledger_notice(job->ledger)) deliver_tell(job, "%s", ledger_notice(job->ledger));
    return true;
}

/* The set is delivered or waits for a person; the receiver's word may have come. That it cannot be read now costs
 * nothing: the next call looks again. */
static void ask_for_ack(struct deliver_job *job)
{
    struct status trouble = {0};
    job->transfer = transfer_open(&job->target->place, &trouble);
    if (!job->transfer || !deliver_look_for_ack(job, &trouble))
        deliver_tell(job, "the acknowledgement of set %s could not be looked for: %s", job->name, trouble.message);
    transfer_close(job->transfer);
    job->transfer = NULL;
}

static bool go_on(struct deliver_job *job, struct status *st)
{
    enum ledger_state state = deliver_set_state(job);
    job->result->already = ledger_done(state);
    if (state != LEDGER_UNKNOWN && !ledger_done(state) && !send_with_retries(job, st)) return pending(job, st);
    state = deliver_set_state(job);
    if (job->target->ack_file && state != LEDGER_ACKED) ask_for_ack(job);
    return deliver_set_state(job) != LEDGER_UNKNOWN || wait_for_person(job, st);
}

bool deliver_run(const struct deliver_target *target, const struct deliver_set *set,
                 const struct deliver_options *options, struct deliver_result *result, struct status *st)
{
    *result = (struct deliver_result){0};
    struct deliver_job job = {.target = target, .set = set, .options = options, .result = result};
    arena_init(&job.arena, "delivery");
    job.name = arena_printf(&job.arena, "%s.%s", set->unit, ledger_key_format(set->key).text);
    bool ok = deliver_check_set(&job, st) && deliver_name_items(&job, st) && transfer_place_check(&target->place, st) &&
              open_ledger(&job, st) && check_order(&job, st) && deliver_prepare(&job, st) && go_on(&job, st);
    if (job.ledger) result->state = deliver_set_state(&job);
    ledger_close(job.ledger);
    arena_release(&job.arena);
    return ok;
}

bool deliver_run_again(const struct deliver_target *target, const struct deliver_set *set,
                       const struct deliver_options *options, struct deliver_result *result, struct status *st)
{
    int64_t attempts = target->place.kind == TRANSFER_DIRECTORY ? 1 : options->attempts;
    for (int64_t n = 1;; n++) {
        if (deliver_run(target, set, options, result, st)) return true;
        if (st->code != STATUS_TRANSFER || n >= attempts) return false;
        log_status(LOG_WARNING, st);
        log_warning("target %s: attempt %" PRId64 " of %" PRId64 " failed, the next one in %" PRId64 " s",
                    target->place.name, n, attempts, options->attempt_wait_ms / 1000);
        os_sleep_ms(options->attempt_wait_ms);
        status_clear(st);
    }
}
