#include "etl/parameter_store.h"

#include "base/date.h"
#include "etl/database_query.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { LOCK_WAIT_MS = 30000 };

static bool locked_repair(struct parameter_store *s, struct status *st)
{
    int lock = parameter_lock(s->work, false, LOCK_WAIT_MS, s->arena, st);
    bool ok = lock >= 0 && parameter_repair(s, st);
    os_close(lock);
    return ok;
}

bool parameter_store_open(struct parameter_store *s, const struct database_config *config, const char *work,
                          const char *actor, struct arena *arena, struct status *st)
{
    char user[64];
    os_user_name(os_user(), user);
    *s = (struct parameter_store){.work = work, .actor = actor, .arena = arena};
    s->os_user = arena_dup(arena, view_of(user));
    if (!database_open(config, &s->db, st)) return false;
    s->connection = database_connection(s->db);
    if (locked_repair(s, st)) return true;
    parameter_store_close(s);
    return status_while(st, "comparing state/parameters with the database");
}

void parameter_store_close(struct parameter_store *s)
{
    database_close(s->db);
    s->db = NULL;
}

static const char *date_text(int32_t date, char text[11])
{
    date_format(date, text);
    return date == DATE_NONE ? NULL : text;
}

static const char *number_text(int64_t number, char text[24])
{
    snprintf(text, 24, "%lld", (long long)number);
    return number ? text : NULL;
}

/* --- dates --- */

/* A date that was run keeps what it was run with. Without a date: the first one that may still change. */
static bool check_date(struct parameter_store *s, const char *level, int32_t *date, struct status *st)
{
    int32_t used;
    char last[11], next[11], wanted[11];
    if (!parameter_last_used(s->work, level, &used, st)) return false;
    if (used == DATE_NONE) {
        if (*date != DATE_NONE) return true;
        status_fail(st, STATUS_USAGE, "from which business date on? Nothing was run yet for %s", level);
        return status_hint(st, "add --from DATE, the first business date it counts for");
    }
    date_format(used, last);
    date_format(used + 1, next);
    if (*date == DATE_NONE) *date = used + 1;
    if (*date > used) return true;
    date_format(*date, wanted);
    status_fail(st, STATUS_USAGE,
                "%s has been run, or begun, already (the last date is %s): a date keeps its parameters", wanted, last);
    return status_hint(st, "choose a later date: --from %s", next);
}

/* --- actions on versions --- */

static bool is_activation(const char *action)
{
    return strcmp(action, "activate") == 0 || strcmp(action, "rollback") == 0 || strcmp(action, "retire") == 0;
}

static bool insert_act(struct parameter_store *s, const struct parameter_act *a, int32_t from, int32_t used,
                       struct parameter_result *out, struct status *st)
{
    char version[24], date[11], last[11];
    const char *values[] = {number_text(a->version, version),
                            a->action,
                            s->actor,
                            s->os_user,
                            a->reason ? a->reason : "",
                            a->digest,
                            a->level,
                            a->customer_type,
                            a->formula,
                            a->threshold,
                            a->challenger,
                            a->reference,
                            date_text(from, date),
                            a->trial,
                            date_text(used, last)};
    PGresult *r = database_query(s->connection, "parameter_act", values, 15, st);
    if (!r) return false;
    *out = (struct parameter_result){.version = atoll(PQgetvalue(r, 0, 0)), .effective_from = from};
    snprintf(out->state, sizeof out->state, "%s", PQgetvalue(r, 0, 1));
    snprintf(out->digest, sizeof out->digest, "%s", PQgetvalue(r, 0, 2));
    PQclear(r);
    return true;
}

/* The number of the pending activation, 0: none. */
static bool pending_number(struct parameter_store *s, int *number, struct status *st)
{
    PGresult *r = database_query(s->connection, "parameter_exported", NULL, 0, st);
    *number = 0;
    for (int i = 0; r && i < PQntuples(r); i++)
        if (!PQgetvalue(r, i, 1)[0]) *number = atoi(PQgetvalue(r, i, 0));
    PQclear(r);
    return r != NULL;
}

/* What was to count from a later date on is called off by a decision for an earlier one: the file with the greatest
 * number counts. */
static bool find_called_off(struct parameter_store *s, const struct parameter_version *v, struct parameter_result *out,
                            struct status *st)
{
    struct parameter_set set, before;
    int32_t until, from;
    if (!parameter_load(s->work, s->arena, &set, st)) return false;
    before = (struct parameter_set){set.file, out->number - 1};
    for (int i = 0; i < before.count; i++) {
        int64_t version = set.file[i].version;
        if (set.file[i].kind == PARAMETER_LIST || !version || version == v->version) continue;
        if (parameter_span(&set, version, out->effective_from, &from, &until) ||
            !parameter_span(&before, version, out->effective_from, &from, &until) || from <= out->effective_from)
            continue;
        out->called_off = version;
        out->called_off_from = from;
    }
    return true;
}

/* What is undone before it ever counted is undone from its own first day. */
static bool choose_from(struct parameter_store *s, const struct parameter_act *a, const struct parameter_version *v,
                        int32_t *from, struct status *st)
{
    struct parameter_set set;
    int32_t next, mine, until;
    *from = a->effective_from;
    if (*from != DATE_NONE || strcmp(a->action, "activate") == 0) return true;
    if (!parameter_store_dates(s, v->level, &set, &next, st)) return false;
    if (parameter_span(&set, v->version, next, &mine, &until) && mine > next) *from = mine;
    return true;
}

/* Under the lock, so that no run freezes its parameters between the look at the dates and the file. */
static bool activate(struct parameter_store *s, const struct parameter_act *a, struct parameter_result *out,
                     struct status *st)
{
    struct parameter_version v;
    int32_t from = DATE_NONE, used = DATE_NONE;
    if (!parameter_store_version(s, a->version, &v, st)) return false;
    int lock = parameter_lock(s->work, false, LOCK_WAIT_MS, s->arena, st);
    bool ok = lock >= 0 && parameter_repair(s, st) && parameter_last_used(s->work, v.level, &used, st) &&
              choose_from(s, a, &v, &from, st) && check_date(s, v.level, &from, st) &&
              insert_act(s, a, from, used, out, st) && pending_number(s, &out->number, st) &&
              parameter_export(s, out->number, st) && find_called_off(s, &v, out, st);
    if (ok) snprintf(out->state, sizeof out->state, "%s", strcmp(a->action, "activate") == 0 ? "active" : "retired");
    os_close(lock);
    return ok;
}

bool parameter_store_act(struct parameter_store *s, const struct parameter_act *a, struct parameter_result *out,
                         struct status *st)
{
    if (is_activation(a->action)) return activate(s, a, out, st);
    return insert_act(s, a, DATE_NONE, DATE_NONE, out, st);
}

/* --- looking --- */

static const char *text_of(struct parameter_store *s, PGresult *r, int column)
{
    return PQgetisnull(r, 0, column) ? NULL : arena_dup(s->arena, view_of(PQgetvalue(r, 0, column)));
}

static const char *text_or_empty(struct parameter_store *s, PGresult *r, int column)
{
    const char *text = text_of(s, r, column);
    return text ? text : "";
}

bool parameter_store_version(struct parameter_store *s, int64_t version, struct parameter_version *out,
                             struct status *st)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)version);
    PGresult *r = database_query(s->connection, "parameter_version", (const char *const[]){number}, 1, st);
    if (!r) return false;
    bool there = PQntuples(r) == 1;
    *out = (struct parameter_version){.version = version};
    if (there) {
        const char **texts[] = {&out->level,
                                &out->customer_type,
                                &out->state,
                                &out->formula,
                                &out->threshold,
                                &out->challenger,
                                &out->digest,
                                &out->author,
                                &out->note,
                                &out->reference,
                                &out->created_at,
                                &out->trial_unit,
                                &out->trial_generation,
                                &out->trial_customers,
                                &out->trial_passing,
                                &out->trial_by,
                                &out->approved_by,
                                &out->approved_at,
                                &out->effective_from,
                                &out->number,
                                &out->trial_hash};
        for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) {
            bool inherited = texts[i] == &out->formula || texts[i] == &out->threshold || texts[i] == &out->challenger;
            *texts[i] = inherited ? text_of(s, r, i + 1) : text_or_empty(s, r, i + 1);
        }
    }
    PQclear(r);
    if (there) return true;
    status_fail(st, STATUS_USAGE, "there is no version %lld", (long long)version);
    return status_hint(st, "see crmx formula list");
}

bool parameter_store_active(struct parameter_store *s, const char *level, const char *customer_type,
                            struct parameter_version *out, struct status *st)
{
    *out = (struct parameter_version){0};
    PGresult *r = database_query(s->connection, "parameter_active", (const char *const[]){level, customer_type}, 2, st);
    int64_t version = r && PQntuples(r) ? atoll(PQgetvalue(r, 0, 0)) : 0;
    PQclear(r);
    return r && (!version || parameter_store_version(s, version, out, st));
}

bool parameter_store_dates(struct parameter_store *s, const char *level, struct parameter_set *files, int32_t *next,
                           struct status *st)
{
    if (!parameter_load(s->work, s->arena, files, st) || !parameter_last_used(s->work, level, next, st)) return false;
    *next = *next == DATE_NONE ? INT32_MIN : *next + 1;
    return true;
}

/* Where nothing of it was activated the files count, for a run as for a trial. */
static bool from_files(struct parameter_store *s, const struct parameter_version *v, const char *id, int type,
                       const char **formula, const char **threshold, struct status *st)
{
    struct unit *u;
    struct buf text;
    if (!unit_load(s->work, id, s->arena, &u, st)) return false;
    if (!u->formula_name[type]) {
        status_fail(st, STATUS_USAGE,
                    "version %lld has no formula, and neither has the head office nor unit %s for %s customers",
                    (long long)v->version, id, v->customer_type);
        return status_hint(st, "give it one: crmx formula edit %lld --file FILE", (long long)v->version);
    }
    const char *path = arena_printf(s->arena, "%s/formulas/%s.formula", s->work, u->formula_name[type]);
    buf_init(&text, PARAMETER_TEXT_MAX);
    bool ok = os_read_file(path, &text, st);
    if (ok) *formula = arena_dup(s->arena, text.bytes ? buf_view(&text) : VIEW_LITERAL(""));
    int64_t minor = u->threshold_minor[type];
    if (ok && !*threshold && u->has_threshold[type])
        *threshold = arena_printf(s->arena, "%lld.%02d", (long long)(minor / 100), (int)(minor % 100));
    buf_release(&text);
    return ok || status_while(st, "reading the formula that version %lld counts with", (long long)v->version);
}

bool parameter_store_inherited(struct parameter_store *s, const struct parameter_version *v, const char *unit,
                               const char **formula, const char **threshold, struct status *st)
{
    struct parameter_set set;
    int type = unit_customer_type(v->customer_type);
    bool head_office = strcmp(v->level, PARAMETER_HEAD) == 0;
    *formula = v->formula;
    *threshold = v->threshold;
    if (v->formula) return true;
    if (!parameter_load(s->work, s->arena, &set, st)) return false;
    const struct parameter_file *head = head_office ? NULL : parameter_of_level(&set, PARAMETER_HEAD, type, INT32_MAX);
    if (head && !v->threshold) *threshold = head->threshold;
    if (head && head->formula) {
        *formula = head->formula;
        return true;
    }
    return from_files(s, v, head_office ? unit : v->level, type, formula, threshold, st);
}

/* --- trial --- */

bool parameter_store_record_trial(struct parameter_store *s, const struct parameter_version *v,
                                  const struct parameter_trial *t, struct parameter_result *out, struct status *st)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "unit", t->unit, "generation", t->generation, "hash",
                          t->hash, "customers", (json_int_t)t->customers, "passing", (json_int_t)t->passing, "errors",
                          (json_int_t)t->errors);
    ensure(o);
    if (t->error) json_object_set_new(o, "error", json_string(t->error));
    char *text = json_dumps(o, JSON_COMPACT);
    ensure(text);
    bool ok = parameter_store_act(
        s, &(struct parameter_act){.action = "trial", .version = v->version, .digest = v->digest, .trial = text}, out,
        st);
    free(text);
    json_decref(o);
    return ok;
}

/* --- lists --- */

static bool insert_list_act(struct parameter_store *s, const struct parameter_list_act *a, int32_t from, int64_t *entry,
                            struct status *st)
{
    char number[24], expires[11], date[11];
    const char *values[] = {number_text(a->entry, number),
                            a->action,
                            s->actor,
                            s->os_user,
                            a->reason ? a->reason : "",
                            a->list,
                            a->level,
                            a->id_type,
                            a->id_no,
                            a->number,
                            a->note,
                            date_text(a->expires, expires),
                            date_text(from, date)};
    PGresult *r = database_query(s->connection, "list_act", values, 13, st);
    if (r) *entry = atoll(PQgetvalue(r, 0, 0));
    PQclear(r);
    return r != NULL;
}

bool parameter_store_list_act(struct parameter_store *s, const struct parameter_list_act *a, int64_t *entry,
                              int32_t *effective_from, struct status *st)
{
    if (strcmp(a->action, "publish") != 0) return insert_list_act(s, a, DATE_NONE, entry, st);
    int number = 0;
    *effective_from = a->effective_from;
    int lock = parameter_lock(s->work, false, LOCK_WAIT_MS, s->arena, st);
    bool ok = lock >= 0 && parameter_repair(s, st) && check_date(s, a->level, effective_from, st) &&
              insert_list_act(s, a, *effective_from, entry, st) && pending_number(s, &number, st) &&
              parameter_export(s, number, st);
    *entry = number;
    os_close(lock);
    return ok;
}
