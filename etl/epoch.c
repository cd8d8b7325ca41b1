#include "etl/epoch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool read_text(const char *unit_folder, char text[160], struct status *st)
{
    char path[OS_PATH_MAX];
    struct buf b;
    snprintf(path, sizeof path, "%s/epoch", unit_folder);
    text[0] = 0;
    if (!os_exists(path)) return true;
    buf_init(&b, 4096);
    bool ok = os_read_file(path, &b, st);
    if (ok) snprintf(text, 160, "%s", b.bytes ? b.bytes : "");
    text[strcspn(text, "\n")] = 0;
    buf_release(&b);
    return ok;
}

/* The process of an epoch, when it is alive and not this one. A pid alone names no process: boot and start do. */
static int living(const char *text)
{
    int pid;
    unsigned long long number, start;
    char boot[64];
    if (sscanf(text, "%llu %d %llu %63s", &number, &pid, &start, boot) != 4 || pid == getpid()) return 0;
    return strcmp(boot, os_boot_id()) == 0 && start && os_process_start(pid) == start ? pid : 0;
}

bool epoch_take(struct epoch *e, const char *unit_folder, struct status *st)
{
    char path[OS_PATH_MAX], before[160];
    *e = (struct epoch){0};
    snprintf(e->unit_folder, sizeof e->unit_folder, "%s", unit_folder);
    snprintf(path, sizeof path, "%s/epoch", unit_folder);
    if (!read_text(unit_folder, before, st)) return false;
    e->number = strtoull(before, NULL, 10) + 1;
    e->other = living(before);
    snprintf(e->text, sizeof e->text, "%llu %d %llu %s", (unsigned long long)e->number, (int)getpid(),
             (unsigned long long)os_process_start(getpid()), os_boot_id());
    e->taken = true;
    return os_replace_file(path, view_of(e->text), st);
}

bool epoch_check(const struct epoch *e, struct status *st)
{
    char now[160];
    if (!e->taken) return true;
    if (!read_text(e->unit_folder, now, st)) return false;
    if (strcmp(now, e->text) == 0) return true;
    status_fail(st, STATUS_BUSY,
                "another run took the unit over while this one worked (epoch %llu, this run has %llu): this one stops "
                "and publishes nothing",
                strtoull(now, NULL, 10), (unsigned long long)e->number);
    return status_hint(st,
                       "the lock \"%s/lock\" did not keep the two apart: was it deleted, or does its file system not "
                       "lock? The other run goes on: crmx status",
                       e->unit_folder);
}
