#include "control/rehearse.h"

#include "base/date.h"
#include "base/log.h"
#include "etl/generation.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char PREFIX[] = "rehearsal.";

struct leftovers {
    const char *folder;
    struct status *st;
};

static bool remove_leftover(void *context, const char *name)
{
    struct leftovers *l = context;
    char path[OS_PATH_MAX];
    int pid = strncmp(name, PREFIX, strlen(PREFIX)) == 0 ? atoi(name + strlen(PREFIX)) : 0;
    if (!pid || (pid != getpid() && os_process_start(pid))) return true;
    snprintf(path, sizeof path, "%s/%s", l->folder, name);
    return os_remove_tree(path, l->st);
}

/* An initial load starts from nothing; a rehearsal of one has to find the same. */
static bool check_empty(struct command_call *call, const char *unit, struct status *st)
{
    struct generation_current current;
    bool there;
    char folder[OS_PATH_MAX];
    run_unit_folder(call->work, unit, folder);
    if (!generation_current_read(folder, &current, &there, st)) return false;
    if (!there) return true;
    status_fail(st, STATUS_USAGE, "unit %s has a population (generation %s): an initial load starts from none", unit,
                current.id);
    return status_hint(st, "look at it: crmx status --unit %s", unit);
}

/* What the unit knows besides its generations and what a run reads: which numbers were given, what was decided on the
 * gates of the date. */
static bool copy_marks(struct command_call *call, const char *work, const struct run_request *r, struct status *st)
{
    char from[OS_PATH_MAX], to[OS_PATH_MAX], date[11];
    run_unit_folder(call->work, r->unit, from);
    run_unit_folder(work, r->unit, to);
    date_format(r->business_date, date);
    const char *marks[] = {"numbers", arena_printf(&call->arena, "gate/%s.decisions", date)};
    bool ok = os_make_folder(arena_printf(&call->arena, "%s/gate", to), st);
    for (int i = 0; ok && i < 2; i++) {
        const char *mark = arena_printf(&call->arena, "%s/%s", from, marks[i]);
        ok = !os_exists(mark) || os_copy(mark, arena_printf(&call->arena, "%s/%s", to, marks[i]), st);
    }
    return ok;
}

/* A working folder that holds the state of this run alone. */
static const char *make_folder(struct command_call *call, const struct run_request *r, struct status *st)
{
    const char *unit = r->unit;
    const char *state = command_path(call, "state");
    struct leftovers l = {state, st};
    const char *work = arena_printf(&call->arena, "%s/%s%d", state, PREFIX, (int)getpid());
    const char *units = arena_printf(&call->arena, "%s/units", work);
    bool ok =
        os_make_folder(state, st) && os_list(state, remove_leftover, &l, st) && st->code == STATUS_OK &&
        os_make_folder(units, st) &&
        os_copy(command_path(call, "crmx.ini"), arena_printf(&call->arena, "%s/crmx.ini", work), st) &&
        (!os_exists(command_path(call, "units/%s.ini", unit)) ||
         os_copy(command_path(call, "units/%s.ini", unit), arena_printf(&call->arena, "%s/%s.ini", units, unit), st)) &&
        copy_marks(call, work, r, st);
    return ok ? work : NULL;
}

/* The page that the real night would have: made by the same command, over the folder of the rehearsal. */
static bool print_tie_out(struct command_call *call, const char *work, const char *unit, struct status *st)
{
    char program[OS_PATH_MAX], folder[OS_PATH_MAX];
    int code;
    os_program_folder(folder);
    snprintf(program, sizeof program, "%s/crmx", folder);
    const char *argv[] = {program, "reconcile", "--work", work, "--unit", unit, call->json ? "--json" : NULL, NULL};
    fflush(stdout);
    int pid = os_spawn(&(struct os_command){.argv = argv, .output_fd = -1, .keep_fd = -1}, st);
    if (pid < 0 || !os_wait(pid, &code, st)) return false;
    return code == 0 || status_fail(st, STATUS_IO, "the tie-out could not be printed (exit code %d)", code);
}

int rehearse_run(struct command_call *call, const struct run_request *request)
{
    struct status *st = &call->status;
    struct run_request r = *request;
    struct run_result result;
    const char *work = r.kind != RUN_INITIAL || check_empty(call, r.unit, st) ? make_folder(call, &r, st) : NULL;
    r.state_work = work;
    bool ok = work && run_unit(&r, &result, st) && (result.already_done || print_tie_out(call, work, r.unit, st));
    struct status ignored = {0};
    if (work) os_remove_tree(work, &ignored);
    if (st->code == STATUS_HELD) /* there is no judgement yet that could be decided on */
        snprintf(st->hint, sizeof st->hint,
                 "the night itself will be held as well: have the files looked at; limits: [gates] in units/%s.ini; a "
                 "decision can be made once the night is held",
                 r.unit);
    if (!ok) return command_failed(call);
    if (result.already_done) {
        fprintf(stderr,
                "generation %s was committed before: there is nothing to rehearse; with other files: --redo "
                "--reason '…' --rehearse\n",
                result.generation);
        return 0;
    }
    if (!call->json)
        printf(
            "\nrehearsed: %llu records, %llu rejected, %llu customers, %llu selected, %.2f s; nothing was committed\n",
            (unsigned long long)result.records, (unsigned long long)result.rejected,
            (unsigned long long)result.customers, (unsigned long long)result.selected, result.seconds);
    return 0;
}
