#include "etl/run.h"

#include "base/conf.h"
#include "base/date.h"
#include "base/log.h"
#include "etl/apply.h"
#include "etl/archive.h"
#include "etl/arrive.h"
#include "etl/attempt.h"
#include "etl/change.h"
#include "etl/compact.h"
#include "etl/detail.h"
#include "etl/due.h"
#include "etl/gate.h"
#include "etl/journal.h"
#include "etl/reject.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Everything a run holds; released in one place. */
struct run {
    const struct run_request *request;
    struct run_result *result;
    struct status *st;
    struct arena arena;
    char unit_folder[OS_PATH_MAX], origin_folder[OS_PATH_MAX]; /* origin: where yesterday's generation is */
    int lock;
    struct turn turn;
    struct generation *old; /* yesterday's; NULL: an empty population */
    struct apply apply;
    struct due due;
    struct epoch epoch;
    struct attempt attempt;
    struct journal *journal;
    struct unit *unit;
    struct input_set inputs;
    struct reference reference;
    struct tables tables;
    struct scorecards cards;
    struct pool *pool;
    struct budget *budget;
    struct import import;
    struct integrate integrate;
    struct populate populate;
    struct detail detail;
    struct reconcile reconcile;
    const char *spill;   /* folder of the spill files, NULL until there is one */
    pthread_t forgetter; /* of the inputs, while the generation is brought to disk */
    bool forgetting;
    bool import_started, integrate_started;
    uint64_t started_ns, step_ns;
};

static void step(struct run *r, const char *name)
{
    log_step(name);
    r->step_ns = os_monotonic_ns();
}

static double step_seconds(const struct run *r)
{
    return (double)(os_monotonic_ns() - r->step_ns) / 1e9;
}

/* An event of the attempt; not in the journal of whoever took it over. */
static bool note(struct run *r, int number, const char *event, const char *detail)
{
    return epoch_check(&r->epoch, r->st) && journal_append(r->journal, number, event, detail, r->st);
}

static bool reached(struct run *r, int number)
{
    if (!r->request->until_step || number < r->request->until_step) return false;
    char detail[32];
    snprintf(detail, sizeof detail, "until %03d", r->request->until_step);
    if (!note(r, number, "stopped", detail)) return true;
    status_fail(r->st, STATUS_STOPPED, "stopped after step %03d as asked (--until)", number);
    status_hint(r->st, "the same command without --until continues");
    return true;
}

/* --- 010 --- */

static const char *inbox_of(struct run *r)
{
    if (r->request->inbox) return r->request->inbox;
    return r->unit->inbox[0] == '/' ? r->unit->inbox
                                    : arena_printf(&r->arena, "%s/%s", r->request->work, r->unit->inbox);
}

/* A rehearsal finds what the attempts of the night itself have taken. */
static bool earlier_files(struct run *r, struct arrive_request *a)
{
    char own[OS_PATH_MAX];
    bool rehearsed = r->request->state_work != NULL;
    run_unit_folder(r->request->work, r->request->unit, own);
    return attempt_earlier(rehearsed ? NULL : &r->attempt, own, r->request->business_date, &r->arena, &a->earlier,
                           &a->earlier_count, r->st);
}

static bool take_files(struct run *r)
{
    step(r, "010 arrive");
    struct arrive_request a = {.unit = r->unit,
                               .business_date = r->request->business_date,
                               .folder = arena_printf(&r->arena, "%s/in", r->attempt.folder)};
    if (!earlier_files(r, &a)) return false;
    a.changes = r->request->kind == RUN_DAILY;
    if (!due_find(&r->due, &a, r->origin_folder, r->old, &r->arena, r->st)) return false;
    for (int i = 0; i < r->due.waivers.count; i++)
        log_warning("goes on without %s: %s", r->due.waivers.list[i].what, r->due.waivers.list[i].reason);
    a.frozen = journal_find(r->journal, "taken") != NULL;
    a.inbox = inbox_of(r);
    input_set_init(&r->inputs, &r->arena);
    if (!arrive_take(&a, &r->inputs, &r->arena, r->st)) return false;
    /* After the files of tonight: older versions of layouts join those of the unit here. */
    if (!detail_first_day(r->origin_folder, r->unit, r->request->business_date, &r->detail.first, r->st) ||
        (r->old && !archive_carry(r->old, r->unit, r->detail.first, &r->inputs, &r->arena, r->st)))
        return false;
    if (!journal_find(r->journal, "taken") && !note(r, 10, "taken", "")) return false;
    log_info("%d files taken from \"%s\" in %.2f s", r->inputs.files_count, a.inbox, step_seconds(r));
    return true;
}

/* --- 020 --- */

static bool start_workers(struct run *r)
{
    int threads = r->request->threads ? r->request->threads : os_cpu_count();
    os_tune_memory(r->request->memory_max >= (UINT64_C(1) << 30));
    r->pool = pool_new(threads);
    uint64_t memory = r->request->memory_max < BUDGET_MINIMUM ? BUDGET_MINIMUM : r->request->memory_max;
    uint64_t customers = 0, records = 0;
    for (int i = 0; i < r->inputs.files_count; i++) {
        struct os_file_identity id;
        const struct input_file *f = &r->inputs.files[i];
        if (!os_identify(f->path, &id, r->st)) return false;
        records += id.size / f->stride + 64;
        if (f->layout->class == LAYOUT_CUSTOMER) customers += id.size / f->stride + 64;
    }
    /* Outside the budget: what each thread needs for the partition it works on, and the program itself. */
    uint64_t outside = memory / 8 + (uint64_t)threads * (24 << 20), most = memory * 3 / 4;
    uint64_t budget = memory - (outside < most ? outside : most);
    /* Kept free of tuples: the arrays of the integration (primary, ranks, marks). */
    uint64_t reserve = customers * 5 + (4 << 20);
    if (reserve > budget * 3 / 4) reserve = budget * 3 / 4;
    /* Every open partition holds a block, those of the import while those of the integration fill: half of the room
     * is kept for them (base/budget). */
    uint64_t writers = (uint64_t)threads * (records * 2 / IMPORT_TARGET_TUPLES + 512);
    for (int s = 0; r->old && s < r->unit->systems_count; s++) /* as many partitions as yesterday's directories have */
        if (r->apply.source[s]) writers += (uint64_t)threads * 6 * segment_partitions(r->apply.source[s]);
    if (r->old) customers += r->old->numbers;
    uint64_t size = r->old ? r->old->partition_customers : r->request->partition_customers;
    writers += (uint64_t)threads * (customers / size) * (uint64_t)(r->tables.count + 2);
    uint32_t block = BUDGET_BLOCK_SIZE_MAX;
    while (block > BUDGET_BLOCK_SIZE_MIN && writers * block > (budget - reserve) / 2) block /= 2;
    r->budget = budget_new(budget, reserve, block);
    return true;
}

/* Tonight's partitions are those of yesterday's directories. */
static void fix_bits(struct run *r)
{
    r->import.fixed_bits = true;
    r->import.identity_bits = __builtin_ctz(segment_partitions(r->apply.identity));
    for (int s = 0; s < r->unit->systems_count; s++)
        r->import.systems[s].bits = r->apply.source[s] ? __builtin_ctz(segment_partitions(r->apply.source[s])) : 0;
}

/* Folder of the generation this run starts from, NULL: from nothing. */
static bool previous_generation(struct run *r, const char **folder, const char **id)
{
    *folder = *id = NULL;
    if (!r->old) return true;
    *id = r->old->id;
    *folder = r->old->folder;
    return true;
}

static bool gate_request(struct run *r, struct gate_request *g)
{
    const char *folder, *id;
    *g = (struct gate_request){.unit = r->unit,
                               .unit_folder = r->unit_folder,
                               .business_date = r->request->business_date,
                               .inputs = &r->inputs,
                               .reference = &r->reference,
                               .now = &r->reconcile,
                               .folder = r->attempt.generation};
    if (!previous_generation(r, &folder, &id)) return false;
    g->previous = folder;
    return true;
}

static bool load_reference(struct run *r)
{
    const char *folder, *id;
    if (!reference_load(r->unit, &r->inputs, r->request->business_date, &r->arena, &r->reference, r->st) ||
        !previous_generation(r, &folder, &id))
        return false;
    if (r->reference.placeholders)
        log_warning("%s is a placeholder number: the entry excludes nobody (%llu such in the files)",
                    r->reference.placeholder, (unsigned long long)r->reference.placeholders);
    const char *name = id ? arena_printf(&r->arena, "generation %s", id) : NULL;
    return reference_settle(&r->reference, r->unit, r->request->business_date, folder, name, &r->arena, r->st) &&
           reference_write(&r->reference, r->attempt.generation, r->st);
}

static bool start_integration(struct run *r)
{
    uint64_t high_water;
    if (!attempt_high_water(&r->attempt, r->unit_folder, &high_water, r->st)) return false;
    bool old = r->old != NULL;
    /* Never below what the population has, should the mark have been lost. */
    if (old && high_water < r->old->first_number + r->old->numbers - 1)
        high_water = r->old->first_number + r->old->numbers - 1;
    r->apply.refresh = r->request->kind == RUN_REFRESH;
    for (int s = 0; old && s < r->unit->systems_count; s++) r->apply.covered[s] = true;
    r->integrate =
        (struct integrate){.im = &r->import,
                           .reference = &r->reference,
                           .folder = r->attempt.generation,
                           .apply = &r->apply,
                           .partition_customers = old ? r->old->partition_customers : r->request->partition_customers,
                           .first_number = old ? r->old->first_number : high_water + 1,
                           .next_number = high_water + 1};
    r->integrate_started = true;
    return true;
}

static bool import_files(struct run *r)
{
    step(r, "020 import");
    /* In a shared temp_dir every unit and attempt has a folder of its own: the names of spill files are the same in all
     * runs. What a killed run has left there goes now. */
    const char *spill = r->request->temp_folder[0] ? arena_printf(&r->arena, "%s/crmx-%s-%s", r->request->temp_folder,
                                                                  r->request->unit, r->attempt.id)
                                                   : arena_printf(&r->arena, "%s/spill", r->attempt.folder);
    if (!os_remove_tree(spill, r->st) || !os_make_folder(spill, r->st)) return false;
    r->spill = spill;
    if (!load_reference(r)) return false;
    tables_init(&r->tables, r->unit, &r->reference.rates, r->request->business_date, &r->arena);
    if (r->old && !apply_open(&r->apply, r->old, r->unit, &r->tables, &r->arena, r->st)) return false;
    if (!scorecards_load(r->unit, &r->tables, &r->reference.rates, &r->arena, &r->cards, r->st) ||
        !change_check(r->unit, &r->cards, r->request->business_date, &r->arena, r->st))
        return false;
    if (!start_workers(r)) return false;
    uint64_t bytes = 0;
    struct os_file_identity id;
    for (int i = 0; i < r->inputs.files_count; i++) {
        if (!os_identify(r->inputs.files[i].path, &id, r->st)) return false;
        bytes += id.size;
    }
    struct progress *progress = progress_new(
        &(struct progress_options){.label = "020 import", .unit = "bytes", .total = bytes, .quiet = r->request->quiet});
    r->import = (struct import){.unit = r->unit,
                                .inputs = &r->inputs,
                                .tables = &r->tables,
                                .rates = &r->reference.rates,
                                .pool = r->pool,
                                .budget = r->budget,
                                .arena = &r->arena,
                                .progress = progress,
                                .spill_folder = spill,
                                .business_date = r->request->business_date};
    r->import_started = true;
    if (r->old) fix_bits(r);
    /* Who the customers are is found out before their accounts are read: rows then go straight to their places. */
    bool ok = import_customers(&r->import, r->st) && start_integration(r) &&
              integrate_customers(&r->integrate, r->st) && import_rows(&r->import, r->st);
    progress_finish(progress);
    if (!ok) return false;
    for (int i = 0; i < r->inputs.files_count; i++) {
        r->result->records += r->inputs.files[i].lines;
        r->result->rejected += r->inputs.files[i].rejected;
    }
    log_info("%llu records, %llu rejected, in %.2f s", (unsigned long long)r->result->records,
             (unsigned long long)r->result->rejected, step_seconds(r));
    for (int i = 0; i < r->inputs.files_count; i++)
        if (r->inputs.files[i].filtered)
            log_info("\"%s\": %llu records left out by the filter of the unit: %s", r->inputs.files[i].name,
                     (unsigned long long)r->inputs.files[i].filtered,
                     r->unit->layout_filter[r->inputs.files[i].layout_index]->condition);
    /* The rejects are written before the limit is judged: whoever repairs the file wants to see them. */
    if (!reject_write(&r->inputs, r->attempt.generation, r->st)) return false;
    struct gate_request gates;
    return gate_request(r, &gates) && gate_rejects(&gates, &r->arena, r->st) &&
           reconcile_files(&r->inputs, r->unit, r->request->business_date, r->st) && note(r, 20, "imported", "");
}

/* --- 030 --- */

/* What went to spill files, over all exchanges. Asked when all of them are filled and none is released. */
static uint64_t spilled_bytes(const struct run *r)
{
    const struct import *im = &r->import;
    const struct integrate *in = &r->integrate;
    uint64_t bytes = exchange_spilled_bytes(&im->customers) + exchange_spilled_bytes(&in->identities) +
                     exchange_spilled_bytes(&in->members);
    for (int s = 0; s < r->unit->systems_count; s++)
        bytes += exchange_spilled_bytes(&im->systems[s].sources) + exchange_spilled_bytes(&im->systems[s].relations);
    for (int i = 0; i < r->tables.count; i++)
        bytes += exchange_spilled_bytes(&im->rows[i]) + exchange_spilled_bytes(&in->owned[i]) +
                 exchange_spilled_bytes(&in->accounts[i]) + exchange_spilled_bytes(&in->related[i]);
    return bytes;
}

static bool integrate(struct run *r)
{
    step(r, "030 integrate");
    if (!integrate_rows(&r->integrate, r->st)) return false;
    if (r->integrate.first_number + r->integrate.customers > 100000000) {
        status_fail(r->st, STATUS_INPUT, "unit %s would need more than 99,999,999 integrated numbers", r->unit->id);
        return status_hint(r->st, "split the unit: city branches can be units of their own");
    }
    r->result->customers = r->integrate.customers - r->integrate.gone;
    r->result->created = r->apply.event_of[APPLY_NEW];
    r->result->reopened = r->apply.event_of[APPLY_REOPENED];
    r->result->parted = r->apply.event_of[APPLY_PARTED];
    r->result->closed = r->apply.event_of[APPLY_CLOSED];
    r->result->merged = r->apply.event_of[APPLY_MERGED];
    r->result->spilled_bytes = spilled_bytes(r);
    if (r->result->spilled_bytes)
        log_info("%llu MB went to spill files: memory_max is used up",
                 (unsigned long long)(r->result->spilled_bytes + 999999) / 1000000);
    log_info("%llu integrated customers in %.2f s", (unsigned long long)r->result->customers, step_seconds(r));
    return apply_write(&r->integrate, r->attempt.generation, r->st) &&
           waiver_write(&r->due.waivers, r->attempt.generation, r->st) &&
           reject_write_notes(&r->integrate, r->attempt.generation, r->st);
}

/* --- 040 to 080 --- */

static bool find_changes(struct run *r)
{
    uint64_t count;
    struct change_request q = {.unit = r->unit,
                               .cards = &r->cards,
                               .old = r->old,
                               .folder = r->attempt.generation,
                               .first_number = r->integrate.first_number,
                               .business_date = r->request->business_date,
                               .pool = r->pool};
    if (!change_run(&q, &r->arena, &count, r->st)) return false;
    if (r->old && count) log_info("%llu events by rule (changes.tsv)", (unsigned long long)count);
    return true;
}

static bool populate_generation(struct run *r)
{
    step(r, "040 populate");
    if (!os_make_folder(arena_printf(&r->arena, "%s/out", r->attempt.generation), r->st)) return false;
    struct progress *progress = progress_new(&(struct progress_options){
        .label = "040 populate", .unit = "customers", .total = r->integrate.customers, .quiet = r->request->quiet});
    r->populate = (struct populate){.in = &r->integrate,
                                    .cards = &r->cards,
                                    .folder = r->attempt.generation,
                                    .batch = r->request->batch,
                                    .progress = progress};
    bool ok = populate_run(&r->populate, r->st);
    progress_finish(progress);
    if (!ok) return false;
    if (!find_changes(r)) return false;
    r->result->selected = r->populate.total->selected[0] + r->populate.total->selected[1];
    r->result->entered = r->populate.total->entered;
    r->result->left = r->populate.total->left;
    log_info("%llu of %llu customers selected in %.2f s", (unsigned long long)r->result->selected,
             (unsigned long long)r->result->customers, step_seconds(r));
    return note(r, 80, "populated", "");
}

/* --- 085 --- */

static bool keep_detail(struct run *r)
{
    step(r, "085 detail");
    r->detail.in = &r->integrate;
    r->detail.folder = r->attempt.generation;
    r->detail.old_folder = r->old ? r->old->folder : NULL;
    if (!detail_run(&r->detail, r->st)) return false;
    if (r->old)
        log_info("%llu movements of %llu accounts kept, %llu breaks, in %.2f s", (unsigned long long)r->detail.postings,
                 (unsigned long long)r->detail.accounts, (unsigned long long)r->detail.breaks, step_seconds(r));
    if (r->detail.breaks)
        log_warning("%llu accounts whose movements do not lead to their balance: crmx detail breaks --unit %s",
                    (unsigned long long)r->detail.breaks, r->unit->id);
    return true;
}

/* --- 090, 100 --- */

static bool tie_out(struct run *r)
{
    step(r, "090 reconcile");
    if (!reconcile_run(&r->populate, &r->detail, &r->reconcile, r->st) ||
        !reconcile_write(&r->reconcile, r->attempt.generation, r->st))
        return false;
    log_info("balanced: %d equations", r->reconcile.equations_count);
    return note(r, 90, "reconciled", "");
}

/* Figures far off what is expected hold the run until somebody decides. */
static bool gates_pass(struct run *r)
{
    struct gate_request g;
    return gate_request(r, &g) && gate_run(&g, &r->arena, r->st);
}

/* To give back millions of pages takes the time of a few fsync calls: it is done beside them. */
static void *forget_inputs(void *inputs)
{
    input_forget(inputs);
    return NULL;
}

static bool commit(struct run *r)
{
    step(r, "100 commit");
    r->forgetting = pthread_create(&r->forgetter, NULL, forget_inputs, &r->inputs) == 0;
    /* All of it has been read. Now, because after CURRENT nothing is left to do that a killed run would have to make up
     * for. */
    if (!epoch_check(&r->epoch, r->st) || !os_remove_tree(r->spill, r->st)) return false;
    char date[11], hash[33];
    date_format(r->request->business_date, date);
    const char *head = arena_printf(
        &r->arena,
        "unit\t%s\nbusiness_date\t%s\ngeneration\t%s\nkind\t%s\n%s%s%sfirst_number\t%"
        "llu\ncustomers\t%llu\nnumbers\t%u\npartition_customers\t%u\nidentity_form\t%d\nrelation_ids\tsystem\n",
        r->unit->id, date, r->attempt.id, RUN_KIND_NAMES[r->request->kind], r->old ? "previous\t" : "",
        r->old ? r->old->id : "", r->old ? "\n" : "", (unsigned long long)r->integrate.first_number,
        (unsigned long long)r->result->customers, r->integrate.customers, r->integrate.partition_customers,
        IDENTITY_FORM);
    struct generation_known known[UNIT_OUTPUTS_MAX];
    int known_count = 0;
    for (int o = 0; o < r->unit->outputs_count; o++)
        if (r->populate.hash_known[o])
            known[known_count++] = (struct generation_known){
                arena_printf(&r->arena, "out/%s", r->unit->outputs[o]->file), r->populate.outputs[o].bytes,
                r->populate.outputs[o].hash_low, r->populate.outputs[o].hash_high};
    if (!generation_write_inputs(r->attempt.generation, &r->inputs, r->st) ||
        !attempt_archive_inputs(&r->attempt, &r->inputs, r->st) ||
        !generation_write_manifest(r->attempt.generation, head, known, known_count, hash, r->st))
        return false;
    if (!attempt_publish(&r->attempt, r->unit_folder, hash, r->integrate.first_number + r->integrate.customers - 1,
                         r->st))
        return false;
    /* It is committed whatever comes: a run that has taken over since has written the event itself. */
    struct status taken_over = {0};
    if (epoch_check(&r->epoch, &taken_over) && !note(r, 100, "committed", r->attempt.id)) return false;
    snprintf(r->result->generation, sizeof r->result->generation, "%s", r->attempt.id);
    r->result->seconds = (double)(os_monotonic_ns() - r->started_ns) / 1e9;
    r->result->memory_peak = budget_peak(r->budget);
    log_info("generation %s is current (%.2f s in all)", r->attempt.id, r->result->seconds);
    return true;
}

/* --- the whole --- */

/* A run that was killed right after CURRENT was replaced has not said so in its journal: that is made up for here, once
 * CURRENT is certain to be on disk. */
static bool complete_journal(struct run *r, const char *id)
{
    const char *path = arena_printf(&r->arena, "%s/run/%s/journal", r->unit_folder, id);
    if (!os_exists(path)) return true; /* the run folder was cleared away */
    struct journal *j = journal_open(path, r->st);
    bool ok = j && (journal_find(j, "committed") ||
                    (os_fsync_folder(r->unit_folder, r->st) && journal_append(j, 100, "committed", id, r->st)));
    journal_close(j);
    return ok;
}

/* Yesterday's population: its compacted form where there is one. */
static bool open_old(struct run *r)
{
    struct compact_share share;
    char folder[OS_PATH_MAX];
    bool there;
    if (!compact_find(r->origin_folder, r->turn.old, folder, &there, r->st)) return false;
    if (!generation_open(there ? folder : r->origin_folder, r->turn.old, &r->old, r->st))
        return there ? status_hint(r->st, "the packed form can be made again: rm -r \"%s\", then the same command",
                                   folder)
                     : false;
    if (there) log_info("the archived inputs of generation %s were packed", r->turn.old);
    compact_share(r->old, &share);
    if (r->request->live_share && compact_is_due(&share, r->request->live_share))
        log_warning("%llu of %llu archived records are in force (%d %%), %u record ids are used for %s: pack them by "
                    "day: crmx generation compact --unit %s",
                    (unsigned long long)share.live, (unsigned long long)share.archived, share.percent, share.ids,
                    share.space, r->request->unit);
    return true;
}

/* Is it the date's turn? Of a date that is done: the same files again are fine, others are refused. */
static bool find_turn(struct run *r)
{
    const struct run_request *q = r->request;
    if (!turn_find(&(struct turn_request){r->origin_folder, q->unit, q->kind, q->business_date, q->redo}, &r->turn,
                   r->st))
        return false;
    if (r->turn.there && !q->state_work && !complete_journal(r, r->turn.current.id)) return false;
    if (!r->turn.done) return !r->turn.old[0] || open_old(r);
    snprintf(r->result->generation, sizeof r->result->generation, "%s", r->turn.current.id);
    r->result->already_done = true;
    log_info("business date %.10s is committed already: generation %s", r->turn.current.id, r->turn.current.id);
    if (!unit_load(q->work, q->unit, &r->arena, &r->unit, r->st)) return false;
    struct arrive_request a = {
        .unit = r->unit, .business_date = q->business_date, .inbox = inbox_of(r), .changes = q->kind == RUN_DAILY};
    return r->unit->take != UNIT_TAKE_RENAME || turn_check_files(&r->turn, &a, r->origin_folder, r->st);
}

static bool prepare(struct run *r)
{
    /* Asked before anything is made: a mistyped unit leaves no folders behind. */
    const char *unit_file = arena_printf(&r->arena, "%s/units/%s.ini", r->request->work, r->request->unit);
    if (!os_exists(unit_file)) {
        status_fail(r->st, STATUS_USAGE, "there is no unit \"%s\": \"%s\" does not exist", r->request->unit, unit_file);
        return status_hint(r->st, "see the units: ls %s/units; a new working folder: crmx init DIR", r->request->work);
    }
    if (!os_make_folder(r->unit_folder, r->st)) return false;
    char lock[OS_PATH_MAX];
    snprintf(lock, sizeof lock, "%s/lock", r->unit_folder);
    r->lock = os_lock(lock, r->st);
    return r->lock >= 0 && epoch_take(&r->epoch, r->unit_folder, r->st);
}

static bool open_attempt(struct run *r)
{
    if (!attempt_open(&r->attempt, r->unit_folder, r->request->business_date, &r->epoch, r->st)) return false;
    r->journal = journal_open(arena_printf(&r->arena, "%s/journal", r->attempt.folder), r->st);
    if (!r->journal) return false;
    if (r->epoch.other)
        log_warning("process %d still works on this unit: the lock did not keep it out. It will publish nothing",
                    r->epoch.other);
    if (r->attempt.resumed)
        log_info("continuing attempt %s", r->attempt.id);
    else if (r->attempt.number > 1)
        log_info("new attempt %s after %s one", r->attempt.id, r->epoch.other ? "an unfinished" : "a failed");
    if (r->request->redo && r->request->reason && !journal_find(r->journal, "redo") &&
        !note(r, 0, "redo", r->request->reason))
        return false;
    if (!journal_find(r->journal, "started") && !note(r, 0, "started", r->attempt.id)) return false;
    bool ok =
        attempt_freeze(&r->attempt, r->request->work, r->request->unit, r->st) &&
        unit_load(arena_printf(&r->arena, "%s/param", r->attempt.folder), r->request->unit, &r->arena, &r->unit, r->st);
    if (ok && r->request->state_work) r->unit->take = UNIT_TAKE_LINK; /* a rehearsal leaves the inbox as it is */
    return ok;
}

static bool work(struct run *r)
{
    if (!prepare(r) || !find_turn(r)) return false;
    if (r->turn.done) return true;
    if (!open_attempt(r)) return false;
    if (!take_files(r) || reached(r, 10)) return false;
    if (!import_files(r) || reached(r, 20)) return false;
    if (!integrate(r) || reached(r, 30)) return false;
    if (!populate_generation(r) || !keep_detail(r) || reached(r, 80)) return false;
    if (!tie_out(r) || reached(r, 90)) return false;
    return gates_pass(r) && commit(r);
}

static void release(struct run *r)
{
    if (r->integrate_started) integrate_release(&r->integrate);
    if (r->import_started) import_release(&r->import);
    struct status ignored = {0};
    if (r->spill && epoch_check(&r->epoch, &ignored)) os_remove_tree(r->spill, &ignored);
    scorecards_release(&r->cards);
    apply_release(&r->apply);
    generation_close(r->old);
    if (r->forgetting) pthread_join(r->forgetter, NULL);
    input_set_release(&r->inputs);
    pool_free(r->pool);
    budget_free(r->budget);
    journal_close(r->journal);
    os_close(r->lock);
    arena_release(&r->arena);
}

/* A failure for a cause closes the attempt; a missing file, a full disk or a crash do not: the attempt goes on. */
static bool is_cause(enum status_code code)
{
    return code == STATUS_INPUT || code == STATUS_CONSERVATION || code == STATUS_USAGE || code == STATUS_CORRUPT ||
           code == STATUS_HELD; /* better files, or a decision: both start from newly frozen inputs */
}

bool run_unit(const struct run_request *request, struct run_result *result, struct status *st)
{
    ensure(request->partition_customers >= 1 && request->batch >= 1 && request->batch <= RUN_BATCH);
    struct run r = {.request = request, .result = result, .st = st, .lock = -1, .started_ns = os_monotonic_ns()};
    char date[11];
    *result = (struct run_result){0};
    arena_init(&r.arena, "run");
    run_unit_folder(request->state_work ? request->state_work : request->work, request->unit, r.unit_folder);
    /* A rehearsed night builds on the unit's own population. */
    bool own = !request->state_work || request->kind != RUN_INITIAL;
    run_unit_folder(own ? request->work : request->state_work, request->unit, r.origin_folder);
    date_format(request->business_date, date);
    log_run(request->unit, date);
    bool ok = work(&r);
    struct status taken_over = {0}, ignored = {0};
    bool fenced = !ok && !epoch_check(&r.epoch, &taken_over) && taken_over.code == STATUS_BUSY;
    if (fenced) *st = taken_over; /* whatever failed: the other run had taken it away */
    if (!ok && !fenced && r.journal && is_cause(st->code)) {
        journal_append(r.journal, st->code == STATUS_HELD ? 90 : 0, "failed", st->message, &ignored);
    }
    release(&r);
    log_step(NULL);
    return ok || (st->code == STATUS_STOPPED ? false : status_while(st, "running unit %s for %s", request->unit, date));
}

void run_unit_folder(const char *work_folder, const char *unit, char path[OS_PATH_MAX])
{
    snprintf(path, OS_PATH_MAX, "%s/state/units/%s", work_folder, unit);
}
