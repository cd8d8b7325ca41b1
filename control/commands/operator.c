/* crmx operator …: who may act; crmx audit …: what was done. */
#include "control/act.h"
#include "etl/database_query.h"

#include <stdio.h>
#include <string.h>

static const char *const ROLES[] = {"analyst", "checker", "operator", "auditor", "admin", NULL};

/* --- add, grant, revoke, disable, enable --- */

static int run_act(struct command_call *call)
{
    struct parameter_store store = {0};
    const char *action = strrchr(call->command->name, ' ') + 1, *operator= command_text(call, "name", "");
    bool adds = strcmp(action, "add") == 0,
         roles = adds || strcmp(action, "grant") == 0 || strcmp(action, "revoke") == 0;
    int role = roles ? command_choice(call, "role", -1) : -1;
    /* A role for a unit that has gone can still be taken away. */
    bool gives = roles && strcmp(action, "revoke") != 0;
    bool ok = (!gives || act_check_level(call, &call->status)) && act_open(call, true, &store, &call->status);
    const char *values[] = {store.actor,
                            store.os_user,
                            action,
                            operator,
                            adds ? command_text(call, "full-name", NULL) : NULL,
                            adds ? command_text(call, "os-user", NULL) : NULL,
                            role < 0 ? NULL : ROLES[role],
                            roles ? command_text(call, "unit", NULL) : NULL,
                            command_text(call, "reason", NULL)};
    ok = ok && database_run(store.connection, "operator_act", values, 9, &call->status);
    if (ok && call->json)
        printf("{\"operator\": \"%s\", \"action\": \"%s\"}\n", operator, action);
    else if (ok && !call->quiet)
        printf("operator %s: %s%s%s\n", operator, action, role < 0 ? "" : " ", role < 0 ? "" : ROLES[role]);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

#define NAME                                                                                                           \
    {                                                                                                                  \
        .name = "name", .type = COMMAND_TEXT, .doc = "the operator's short name", .required = true                     \
    }
#define ROLE                                                                                                           \
    {                                                                                                                  \
        .name = "role", .type = COMMAND_CHOICE, .words = ROLES, .doc = "the role", .required = true                    \
    }
#define SCOPE                                                                                                          \
    {                                                                                                                  \
        .name = "unit", .letter = 'u', .type = COMMAND_TEXT, .placeholder = "UNIT",                                    \
        .doc = "the role counts for this unit only (default: all units and the head office)"                           \
    }

const struct command command_operator_add = {
    .name = "operator add",
    .summary = "a new operator, with a first role",
    .description =
        "The first one is an admin who adds himself. Later ones are added by an admin, and nobody changes his "
        "own rights.",
    .arguments = (const struct command_value[]){NAME, {0}},
    .options =
        (const struct command_value[]){{.name = "role", .type = COMMAND_CHOICE, .words = ROLES, .doc = "a first role"},
                                       SCOPE,
                                       {.name = "full-name", .type = COMMAND_TEXT, .doc = "for people"},
                                       {.name = "os-user",
                                        .type = COMMAND_TEXT,
                                        .placeholder = "USER",
                                        .doc = "only this user of the operating system may act under the name"},
                                       ACT_REASON,
                                       ACT_AS,
                                       {0}},
    .examples =
        "crmx operator add sun --role admin --as sun\ncrmx operator add wang --role analyst --os-user wang --as sun",
    .run = run_act,
};

const struct command command_operator_grant = {
    .name = "operator grant",
    .summary = "give an operator a role",
    .arguments = (const struct command_value[]){NAME, ROLE, {0}},
    .options = (const struct command_value[]){SCOPE, ACT_REASON, ACT_AS, {0}},
    .examples = "crmx operator grant zhao checker --unit 11 --as sun",
    .run = run_act,
};

const struct command command_operator_revoke = {
    .name = "operator revoke",
    .summary = "take a role from an operator",
    .arguments = (const struct command_value[]){NAME, ROLE, {0}},
    .options = (const struct command_value[]){SCOPE, ACT_REASON, ACT_AS, {0}},
    .examples = "crmx operator revoke zhao checker --unit 11 --as sun",
    .run = run_act,
};

const struct command command_operator_disable = {
    .name = "operator disable",
    .summary = "an operator may no longer act; what he did stays",
    .arguments = (const struct command_value[]){NAME, {0}},
    .options = (const struct command_value[]){ACT_REASON, ACT_AS, {0}},
    .examples = "crmx operator disable wang --reason 'has left' --as sun",
    .run = run_act,
};

const struct command command_operator_enable = {
    .name = "operator enable",
    .summary = "a disabled operator may act again",
    .arguments = (const struct command_value[]){NAME, {0}},
    .options = (const struct command_value[]){ACT_REASON, ACT_AS, {0}},
    .examples = "crmx operator enable wang --as sun",
    .run = run_act,
};

static int run_list(struct command_call *call)
{
    static const char *const COLUMNS[] = {"operator", "name", "roles", "os_user", "active", NULL};
    struct parameter_store store = {0};
    bool ok = act_open(call, false, &store, &call->status) &&
              act_list(call, store.connection, "operator_list", NULL, 0, COLUMNS, &call->status);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_operator_list = {
    .name = "operator list",
    .summary = "the operators and their roles",
    .examples = "crmx operator list",
    .rows = "",
    .run = run_list,
};

/* --- audit --- */

static const char *const OBJECTS[] = {"formula", "exclusion", "override", "list", "operator", "activation", NULL};

static int run_audit_list(struct command_call *call)
{
    static const char *const COLUMNS[] = {"no",   "at", "actor",  "os_user", "object", "id", "action",
                                          "from", "to", "reason", "digest",  "chain",  NULL};
    struct parameter_store store = {0};
    char last[24];
    snprintf(last, sizeof last, "%lld", (long long)command_integer(call, "last", 50));
    int object = command_choice(call, "object", -1);
    const char *values[] = {last, object < 0 ? NULL : OBJECTS[object], command_text(call, "id", NULL),
                            command_text(call, "by", NULL)};
    bool ok = act_open(call, false, &store, &call->status) &&
              act_list(call, store.connection, "audit_list", values, 4, COLUMNS, &call->status);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_audit_list = {
    .name = "audit list",
    .summary = "the audit trail: who did what, when, why",
    .options =
        (const struct command_value[]){
            {.name = "last",
             .type = COMMAND_INTEGER,
             .minimum = 1,
             .maximum = 1000000,
             .doc = "so many rows (default: 50)"},
            {.name = "object", .type = COMMAND_CHOICE, .words = OBJECTS, .doc = "only what was done to these"},
            {.name = "id", .type = COMMAND_TEXT, .doc = "only of this version, entry, name"},
            {.name = "by", .type = COMMAND_TEXT, .placeholder = "NAME", .doc = "only by him"},
            {0}},
    .examples = "crmx audit list --object formula --id 7",
    .rows = "",
    .run = run_audit_list,
};

static int run_audit_verify(struct command_call *call)
{
    struct parameter_store store = {0};
    struct status *st = &call->status;
    PGresult *r =
        act_open(call, false, &store, st) ? database_query(store.connection, "audit_verify", NULL, 0, st) : NULL;
    bool ok = r != NULL, whole = ok && PQgetisnull(r, 0, 0);
    if (ok && !whole) {
        ok = status_fail(st, STATUS_CORRUPT, "the audit trail was changed: row %s does not fit the chain",
                         PQgetvalue(r, 0, 0));
        status_hint(st, "look at it: crmx audit list; compare with a backup of the database");
    } else if (ok && call->json) {
        printf("{\"rows\": %s, \"head\": \"%s\"}\n", PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
    } else if (ok) {
        printf("%s rows, unbroken; head of the chain %s\n", PQgetvalue(r, 0, 1), PQgetvalue(r, 0, 2));
    }
    PQclear(r);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_audit_verify = {
    .name = "audit verify",
    .summary = "is the audit trail unbroken?",
    .description = "Every row holds a hash of itself and of the row before it. Note the head of the chain outside the "
                   "machine: whoever rewrites the whole trail gets another one.",
    .examples = "crmx audit verify",
    .run = run_audit_verify,
};
