/* The file of a trial: what was tried, over what, with which totals. Small, and written as a whole. */
#include "base/os.h"
#include "etl/transfer_digest.h"
#include "etl/trial.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

void trial_hash(struct view formula_text, int64_t threshold_minor, char hash[TRIAL_HASH_MAX])
{
    struct transfer_digest d;
    char head[64];
    int n = snprintf(head, sizeof head, "crmx formula 1\nthreshold %" PRId64 "\n", threshold_minor);
    transfer_digest_init(&d);
    transfer_digest_add(&d, head, (size_t)n);
    transfer_digest_add(&d, formula_text.bytes, formula_text.length);
    transfer_digest_end(&d, hash);
}

static void path_of(const char *unit_folder, const char *hash, char path[OS_PATH_MAX])
{
    snprintf(path, OS_PATH_MAX, "%s/trial/%s.json", unit_folder, hash);
}

/* Amounts are texts and counts numbers, as in every JSON of this program. */
bool trial_result_write(const char *unit_folder, const struct trial_result *r, struct status *st)
{
    char path[OS_PATH_MAX], folder[OS_PATH_MAX];
    snprintf(folder, sizeof folder, "%s/trial", unit_folder);
    path_of(unit_folder, r->hash, path);
    json_t *j =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:s,s:b,s:s}", "hash", r->hash,
                  "unit", r->unit, "type", r->type, "formula", r->formula, "generation", r->generation, "manifest_hash",
                  r->manifest_hash, "business_date", r->business_date, "made", r->made, "threshold_minor",
                  (json_int_t)r->threshold_minor, "scored", (json_int_t)r->scored, "excluded", (json_int_t)r->excluded,
                  "selected", (json_int_t)r->selected, "active", (json_int_t)r->active, "entering",
                  (json_int_t)r->entering, "leaving", (json_int_t)r->leaving, "score_all", r->score_all,
                  "score_selected", r->score_selected, "may_be_submitted", r->may_be_submitted, "reason", r->reason);
    ensure(j);
    char *text = json_dumps(j, JSON_INDENT(2));
    ensure(text);
    bool ok = os_make_folder(folder, st) && os_replace_file(path, view_of(text), st);
    free(text);
    json_decref(j);
    return ok || status_while(st, "keeping the result of the trial");
}

static bool damaged(const char *path, const char *what, struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "\"%s\" is no result of a trial: %s", path, what);
    return status_hint(st, "run the trial again: crmx trial FORMULA");
}

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
}

static bool take(const json_t *j, const char *path, struct trial_result *r, struct status *st)
{
    const char *hash, *unit, *type, *formula, *generation, *manifest, *date, *made, *all, *selected, *reason;
    json_int_t threshold, n[6];
    int may;
    json_error_t e;
    if (json_unpack_ex((json_t *)(uintptr_t)j, &e, 0,
                       "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:s,s:b,s:s}", "hash", &hash,
                       "unit", &unit, "type", &type, "formula", &formula, "generation", &generation, "manifest_hash",
                       &manifest, "business_date", &date, "made", &made, "threshold_minor", &threshold, "scored", &n[0],
                       "excluded", &n[1], "selected", &n[2], "active", &n[3], "entering", &n[4], "leaving", &n[5],
                       "score_all", &all, "score_selected", &selected, "may_be_submitted", &may, "reason", &reason))
        return damaged(path, e.text, st);
    copy(r->hash, sizeof r->hash, hash);
    copy(r->unit, sizeof r->unit, unit);
    copy(r->type, sizeof r->type, type);
    copy(r->formula, sizeof r->formula, formula);
    copy(r->generation, sizeof r->generation, generation);
    copy(r->manifest_hash, sizeof r->manifest_hash, manifest);
    copy(r->business_date, sizeof r->business_date, date);
    copy(r->made, sizeof r->made, made);
    copy(r->score_all, sizeof r->score_all, all);
    copy(r->score_selected, sizeof r->score_selected, selected);
    copy(r->reason, sizeof r->reason, reason);
    r->threshold_minor = threshold;
    uint64_t *counts[6] = {&r->scored, &r->excluded, &r->selected, &r->active, &r->entering, &r->leaving};
    for (int i = 0; i < 6; i++) *counts[i] = (uint64_t)n[i];
    r->may_be_submitted = may;
    return true;
}

/* *there false: never tried. */
static bool read_result(const char *unit_folder, const char *hash, struct trial_result *out, bool *there,
                        struct status *st)
{
    char path[OS_PATH_MAX];
    struct buf text;
    json_error_t e;
    *out = (struct trial_result){0};
    path_of(unit_folder, hash, path);
    *there = strlen(hash) == TRIAL_HASH_MAX - 1 && os_exists(path);
    if (!*there) return true;
    buf_init(&text, 1 << 16);
    bool ok = os_read_file(path, &text, st);
    json_t *j = ok && text.length ? json_loadb(text.bytes, text.length, 0, &e) : NULL;
    if (ok) ok = j ? take(j, path, out, st) : damaged(path, text.length ? e.text : "it is empty", st);
    if (ok && strcmp(out->hash, hash) != 0) ok = damaged(path, "its hash is another one", st);
    json_decref(j);
    buf_release(&text);
    return ok;
}

bool trial_result_check(const char *unit_folder, const char *unit, const char *type, const char *hash,
                        struct trial_result *out, struct status *st)
{
    bool there;
    if (!read_result(unit_folder, hash, out, &there, st)) return false;
    if (!there || strcmp(out->unit, unit) != 0 || strcmp(out->type, type) != 0) {
        status_fail(st, STATUS_USAGE, "this formula and threshold were never tried over unit %s for %s customers", unit,
                    type);
        return status_hint(st, "try it: crmx trial FORMULA --unit %s --type %s", unit, type);
    }
    if (!out->may_be_submitted) {
        status_fail(st, STATUS_USAGE, "the trial of %s speaks against it: %s", out->formula, out->reason);
        return status_hint(st, "correct the formula and try it again: crmx trial FORMULA --unit %s --type %s", unit,
                           type);
    }
    return true;
}
