/* parameter_store: the database side of parameters and lists: versions, approvals, operators (sql/schema/004 to 006).
 *
 *     parameter_store_open(&store, &config, work, arena, st)    connects, and completes what a crash has cut short
 *     parameter_store_act(&store, &act, &result, st)            draft, edit, submit, approve … : one action, audited
 *     parameter_store_close(&store)
 *
 * The rules (who may do what to which state, maker and checker, digests) are kept by triggers of the database; a
 * refusal comes back as STATUS_USAGE with the database's message and hint. What comes into force is written into a
 * numbered file (etl/parameter) by the same call.
 *
 * Repair, by every open: the file of a pending activation is written, or the activation is abandoned when a run has
 * used its date meanwhile; a file the database does not know (it was restored to an earlier day) is taken back into it;
 * a file that is missing is written again. Contradictions are STATUS_CORRUPT.
 */
#ifndef CRMX_ETL_PARAMETER_STORE_H
#define CRMX_ETL_PARAMETER_STORE_H

#include "etl/database.h"
#include "etl/parameter.h"

struct parameter_store {
    struct database *db;
    PGconn *connection;
    const char *work;
    struct arena *arena;
    const char *actor, *os_user; /* who acts; actor NULL: only looks */
    int repaired;                /* files and activations that open has set right */
};

/* os_user is told by the system; texts must outlive the store. */
bool parameter_store_open(struct parameter_store *s, const struct database_config *config, const char *work,
                          const char *actor, struct arena *arena, struct status *st);
void parameter_store_close(struct parameter_store *s);

/* NULL: not given. */
struct parameter_act {
    const char *action; /* draft, import, edit, trial, submit, withdraw, approve, reject, activate, discard … */
    int64_t version;    /* 0: draft, import */
    const char *reason, *digest;
    const char *level, *customer_type;            /* draft, import */
    const char *formula, *threshold, *challenger; /* draft, import, edit */
    const char *reference;                        /* import */
    int32_t effective_from; /* activate, retire, rollback; DATE_NONE: the day after the last used */
    const char *trial;      /* trial: JSON */
};
struct parameter_result {
    int64_t version;
    char state[16], digest[65];
    int number; /* of the file that came into force, 0: none */
    int32_t effective_from;
    int64_t called_off; /* a version that was to count from a later date on, and does not any more; 0: none */
    int32_t called_off_from;
};
bool parameter_store_act(struct parameter_store *s, const struct parameter_act *a, struct parameter_result *out,
                         struct status *st);

/* One version. Texts live in the store's arena; "" and 0 where there is nothing, NULL for a part that is inherited. */
struct parameter_version {
    int64_t version;
    const char *level, *customer_type, *state, *formula, *threshold, *challenger, *digest, *author, *note, *reference,
        *created_at;
    const char *trial_unit, *trial_generation, *trial_customers, *trial_passing, *trial_by, *trial_hash;
    const char *approved_by, *approved_at, *effective_from, *number;
};
bool parameter_store_version(struct parameter_store *s, int64_t version, struct parameter_version *out,
                             struct status *st);
/* The version decided last for a level and customer type; out->version 0: none. */
bool parameter_store_active(struct parameter_store *s, const char *level, const char *customer_type,
                            struct parameter_version *out, struct status *st);
/* The files of state/parameters and, of a level, the next date that may be run (INT32_MIN: none was): what
 * parameter_span is asked with. */
bool parameter_store_dates(struct parameter_store *s, const char *level, struct parameter_set *files, int32_t *next,
                           struct status *st);
/* Its formula and threshold with what it inherits from the head office, and where that has no formula from the files of
 * a unit (formulas/ and units/UU.ini): what a trial runs. unit: whose files; of a unit's version its own. threshold
 * NULL: that of the formula's text. */
bool parameter_store_inherited(struct parameter_store *s, const struct parameter_version *v, const char *unit,
                               const char **formula, const char **threshold, struct status *st);

/* A recorded trial 试算: the whole generation, what passes, and whether anything was wrong. With errors the version
 * cannot be submitted. */
struct parameter_trial {
    const char *unit, *generation;
    const char *hash; /* trial_hash of what was tried, with what is inherited */
    uint64_t customers, passing, errors;
    const char *error; /* the first one, NULL: none */
};
bool parameter_store_record_trial(struct parameter_store *s, const struct parameter_version *v,
                                  const struct parameter_trial *t, struct parameter_result *out, struct status *st);

struct parameter_list_act {
    const char *action; /* add, approve, reject, remove, publish */
    int64_t entry;
    const char *reason, *list, *level, *id_type, *id_no, *number, *note;
    int32_t expires, effective_from; /* publish: DATE_NONE as above */
};
/* *entry: the entry; of publish the number of the file. */
bool parameter_store_list_act(struct parameter_store *s, const struct parameter_list_act *a, int64_t *entry,
                              int32_t *effective_from, struct status *st);

/* --- parts --- */
/* parameter_repair.c; the lock is held by the caller. */
bool parameter_repair(struct parameter_store *s, struct status *st);
/* Writes the file of activation `number` and tells the database. */
bool parameter_export(struct parameter_store *s, int number, struct status *st);

#endif
