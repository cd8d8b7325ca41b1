/* crmx db list, db drop: the embedded databases of this machine, and those that nobody needs any more. */
#include "control/command.h"
#include "control/listing.h"
#include "etl/database_list.h"

#include <stdio.h>

#define DB_FOLDER                                                                                                      \
    {                                                                                                                  \
        .name = "folder", .type = COMMAND_TEXT, .placeholder = "DIR",                                                  \
        .doc = "only the clusters directly in this folder, for those placed by [database] cluster_folder (default: "   \
               "/var/lib/crmx and whatever runs)"                                                                      \
    }

static const char *state_of(const struct database_cluster *c)
{
    static const char *const NAMES[] = {
        [DATABASE_OWNED] = "owned", [DATABASE_ORPHANED] = "ORPHANED", [DATABASE_UNKNOWN] = "unknown"};
    return NAMES[c->owner];
}

static void add_row(struct listing *rows, const struct database_cluster *c)
{
    listing_text(rows, c->folder);
    listing_text(rows, state_of(c));
    listing_text(rows, c->pid ? "running" : "stopped");
    if (c->pid)
        listing_integer(rows, c->pid);
    else
        listing_text(rows, NULL);
    listing_text(rows, c->work_folder);
}

static const char *const COLUMNS[] = {"cluster", "state", "server", "pid", "work_folder", NULL};

/* --- list --- */

static int run_list(struct command_call *call)
{
    struct database_list list;
    struct listing rows;
    if (!database_list(command_text(call, "folder", NULL), &call->arena, &list, &call->status))
        return command_failed(call);
    int orphaned = 0;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < list.count; i++) {
        add_row(&rows, &list.clusters[i]);
        orphaned += list.clusters[i].owner == DATABASE_ORPHANED;
    }
    listing_print(&rows, &call->output);
    listing_release(&rows);
    if (orphaned && !call->json && !call->quiet)
        fprintf(stderr, "%d orphaned: no working folder there any more; what would go: crmx db drop --orphaned\n",
                orphaned);
    return 0;
}

const struct command command_db_list = {
    .name = "db list",
    .summary = "the embedded databases of this machine: whose they are, which run, which are orphaned",
    .description = "An embedded database belongs to one working folder. ORPHANED: that folder is gone (or its disk is "
                   "not mounted). A stopped one below its own working folder, as ordinary users have it, is not "
                   "listed: it goes with that folder. Running databases of other users are seen by root only.",
    .options = (const struct command_value[]){DB_FOLDER, {0}},
    .examples = "crmx db list\ncrmx db list --json",
    .needs = COMMAND_NEEDS_NOTHING,
    .rows = "",
    .run = run_list,
};

/* --- drop --- */

static int run_drop(struct command_call *call)
{
    struct database_list list;
    struct listing rows;
    bool yes = command_flag(call, "yes");
    if (!command_flag(call, "orphaned")) {
        status_fail(&call->status, STATUS_USAGE,
                    "crmx db drop removes databases whose working folder is gone, not the one of this working folder");
        status_hint(&call->status, "which would go: crmx db drop --orphaned; that of a working folder goes with it: "
                                   "remove the folder first");
        return command_failed(call);
    }
    if (!database_list(command_text(call, "folder", NULL), &call->arena, &list, &call->status))
        return command_failed(call);
    int dropped = 0;
    bool ok = true;
    listing_init(&rows, COLUMNS);
    for (int i = 0; ok && i < list.count; i++) {
        if (list.clusters[i].owner != DATABASE_ORPHANED) continue;
        ok = !yes || database_drop(&list.clusters[i], &call->status);
        if (!ok) break;
        if (!call->json && !call->quiet)
            fprintf(stderr, "%s the database of working folder \"%s\", which is gone\n",
                    yes ? "removed" : "would remove", list.clusters[i].work_folder);
        add_row(&rows, &list.clusters[i]);
        dropped++;
    }
    listing_print(&rows, &call->output);
    listing_release(&rows);
    if (!call->json && !call->quiet)
        fprintf(stderr, "%d databases %s%s\n", dropped, yes ? "removed" : "would be removed",
                yes || !dropped ? ""
                                : ", with their parameters, operators and history, none of an existing working folder; "
                                  "do it: crmx db drop --orphaned --yes");
    return ok ? 0 : command_failed(call);
}

const struct command command_db_drop = {
    .name = "db drop",
    .summary = "stops and removes the embedded databases whose working folder is gone",
    .description = "Without --yes it only says what would go. A working folder on a disk that is not mounted looks "
                   "gone: look at the list first. One that a process of crmx still uses is refused. Clusters that do "
                   "not say whose they are (state unknown) are left alone.",
    .options =
        (const struct command_value[]){DB_FOLDER,
                                       {.name = "orphaned", .type = COMMAND_FLAG, .doc = "those of crmx db list"},
                                       {.name = "yes", .type = COMMAND_FLAG, .doc = "do it"},
                                       {0}},
    .examples = "crmx db drop --orphaned\ncrmx db drop --orphaned --yes",
    .needs = COMMAND_NEEDS_NOTHING,
    .run = run_drop,
};
