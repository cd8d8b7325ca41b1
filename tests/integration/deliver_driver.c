/* Stands in for the command line in tests/integration/deliver.sh: one delivery, a decision, or a listing.
 *
 *     deliver_driver run UNIT.ini UNIT TARGET LEDGERS SET FOLDER [GENERATION [BASIS]]   all files of FOLDER, records =
 * lines deliver_driver confirm|resend UNIT TARGET LEDGERS SET BY REASON deliver_driver list|json|marks TARGET LEDGERS
 *
 * Ends with the exit code of the status. The working folder of relative paths is the one of the unit file.
 */
#include "etl/deliver.h"

#include "base/os.h"

#include <inttypes.h>
#include <stdio.h>

enum { FILES_MAX = DELIVER_FILES_MAX + 1, LIST_MAX = 1 << 20 };

struct folder {
    struct arena *arena;
    const char *path;
    struct deliver_file files[FILES_MAX];
    int count;
};

static void say(void *context, const char *text)
{
    fprintf(stderr, "NOTICE: %s\n", text);
}

static bool add_name(void *context, const char *name)
{
    struct folder *f = context;
    if (f->count == FILES_MAX) return false;
    f->files[f->count++] = (struct deliver_file){.name = arena_dup(f->arena, view_of(name)),
                                                 .path = arena_printf(f->arena, "%s/%s", f->path, name)};
    return true;
}

static bool count_records(struct folder *f, struct deliver_file *file, struct status *st)
{
    struct buf text;
    buf_init(&text, 1u << 30);
    bool ok = os_read_file(file->path, &text, st);
    file->bytes = text.length;
    for (size_t i = 0; i < text.length; i++) file->records += text.bytes[i] == '\n';
    file->control = arena_printf(f->arena, "lines=%" PRIu64, file->records);
    buf_release(&text);
    return ok;
}

static struct conf *read_targets(const char *path, const char *unit, struct arena *arena,
                                 struct deliver_target **targets, int *count, struct status *st)
{
    char *home = arena_dup(arena, view_of(path)), *slash = strrchr(home, '/');
    if (slash) *slash = 0;
    struct conf *c = conf_open(path, st);
    if (c && deliver_targets_read(c, unit, slash ? home : ".", arena, targets, count, st) && conf_check_all_used(c, st))
        return c;
    conf_close(c);
    return NULL;
}

static const struct deliver_target *find(const struct deliver_target *targets, int count, const char *name,
                                         struct status *st)
{
    for (int i = 0; i < count; i++)
        if (strcmp(targets[i].place.name, name) == 0) return &targets[i];
    status_fail(st, STATUS_USAGE, "no target \"%s\"", name);
    return NULL;
}

static bool run(char **a, int n, struct arena *arena, struct status *st)
{
    struct deliver_target *targets;
    int count;
    char ledger[OS_PATH_MAX];
    struct folder f = {.arena = arena, .path = a[5]};
    struct deliver_set set = {.unit = a[1], .generation = n > 6 ? a[6] : "20261120.1.1"};
    struct deliver_options options = {.ledger_path = ledger, .tell = say};
    struct deliver_result result = {0};
    struct conf *c = read_targets(a[0], a[1], arena, &targets, &count, st);
    if (!c) return false;
    const struct deliver_target *target = find(targets, count, a[2], st);
    bool ok = target && deliver_ledger_path(a[3], a[2], ledger, st) && os_list(f.path, add_name, &f, st);
    for (int i = 0; ok && i < f.count; i++) ok = count_records(&f, &f.files[i], st);
    if (ok && (!ledger_key_parse(a[4], &set.key) || (n > 7 && !ledger_key_parse(a[7], &set.basis))))
        ok = status_fail(st, STATUS_USAGE, "\"%s\" is not a set", a[4]);
    set.files = f.files;
    set.files_count = f.count;
    ok = ok && deliver_run(target, &set, &options, &result, st);
    printf("%s sent=%d bytes=%" PRIu64 " retries=%d%s\n", ledger_state_name(result.state), result.files_sent,
           result.bytes_sent, result.retries, result.already ? " already" : "");
    conf_close(c);
    return ok;
}

static bool resolve(enum deliver_decision decision, char **a, struct status *st)
{
    struct deliver_resolution r = {.unit = a[0], .target = a[1], .decision = decision, .by = a[4], .reason = a[5]};
    char ledger[OS_PATH_MAX];
    if (!ledger_key_parse(a[3], &r.key)) return status_fail(st, STATUS_USAGE, "\"%s\" is not a set", a[3]);
    return deliver_ledger_path(a[2], a[1], ledger, st) && deliver_resolve(ledger, &r, st);
}

static bool list(const char *form, char **a, struct status *st)
{
    struct buf out;
    struct deliver_marks m;
    char ledger[OS_PATH_MAX];
    if (!deliver_ledger_path(a[1], a[0], ledger, st)) return false;
    if (strcmp(form, "marks") == 0) {
        bool ok = deliver_marks_read(ledger, &m, st);
        printf("delivered %" PRIu32 " acked %" PRIu32 " pending %" PRIu32 "\n", m.delivered.seq, m.acked.seq,
               m.pending.seq);
        return ok;
    }
    buf_init(&out, LIST_MAX);
    bool ok = deliver_status(ledger, 0, strcmp(form, "json") == 0 ? DELIVER_JSON : DELIVER_TEXT, &out, st);
    printf("%s", out.bytes ? out.bytes : "");
    buf_release(&out);
    return ok;
}

int main(int argc, char **argv)
{
    struct status st = {0};
    struct arena arena;
    arena_init(&arena, "driver");
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "run") == 0 && argc >= 8)
        run(argv + 2, argc - 2, &arena, &st);
    else if ((strcmp(verb, "confirm") == 0 || strcmp(verb, "resend") == 0) && argc == 8)
        resolve(verb[0] == 'c' ? DELIVER_CONFIRM : DELIVER_RESEND, argv + 2, &st);
    else if (argc == 4)
        list(verb, argv + 2, &st);
    else
        status_fail(&st, STATUS_USAGE, "wrong arguments: see the top of tests/integration/deliver_driver.c");
    if (st.code != STATUS_OK) status_print(&st);
    arena_release(&arena);
    return status_exit_code(&st);
}
