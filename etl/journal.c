#include "etl/journal.h"

#include "base/os.h"

#define XXH_INLINE_ALL
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { JOURNAL_BYTES_MAX = 16 * 1024 * 1024, JOURNAL_EVENTS_MAX = 4096 };

struct journal {
    char path[OS_PATH_MAX];
    int fd;             /* -1: only looked at */
    struct buf content; /* the file, tabs and line ends replaced by NUL where fields end */
    struct journal_event events[JOURNAL_EVENTS_MAX];
    int count;
    char *appended[3 * JOURNAL_EVENTS_MAX]; /* owned texts of events written in this process */
    int appended_count;
};

/* Splits a line into its fields in place; false when the checksum does not fit. */
static bool parse_line(char *line, size_t length, struct journal_event *e)
{
    char *tab = memrchr(line, '\t', length);
    if (!tab) return false;
    char expected[20];
    snprintf(expected, sizeof expected, "%016llx", (unsigned long long)XXH3_64bits(line, (size_t)(tab - line)));
    if (length - (size_t)(tab - line) - 1 != 16 || memcmp(tab + 1, expected, 16) != 0) return false;
    *tab = 0;
    char *field[5];
    int n = 0;
    for (char *p = line; n < 5; n++) {
        field[n] = p;
        p = strchr(p, '\t');
        if (!p) {
            n++;
            break;
        }
        *p++ = 0;
    }
    if (n != 5) return false;
    *e = (struct journal_event){.name = field[3], .detail = field[4], .time = field[1], .step = atoi(field[2])};
    return true;
}

static bool read_events(struct journal *j, struct status *st)
{
    if (!os_exists(j->path)) return true;
    if (!os_read_file(j->path, &j->content, st)) return false;
    for (size_t at = 0; at < j->content.length;) {
        char *line = j->content.bytes + at, *end = memchr(line, '\n', j->content.length - at);
        bool good =
            end && j->count < JOURNAL_EVENTS_MAX && parse_line(line, (size_t)(end - line), &j->events[j->count]);
        if (!good) {
            bool last = !end || (size_t)(end - j->content.bytes) + 1 == j->content.length;
            if (!last) {
                status_fail(st, STATUS_CORRUPT, "\"%s\" is damaged at offset %zu", j->path, at);
                return status_hint(
                    st, "keep a copy of the folder, remove the attempt's folder and give the same command again");
            }
            /* Torn by a crash, or being written just now: the event did not happen (yet). */
            return j->fd < 0 || os_truncate(j->fd, j->path, at, st);
        }
        j->count++;
        at = (size_t)(end - j->content.bytes) + 1;
    }
    return true;
}

struct journal *journal_open(const char *path, struct status *st)
{
    struct journal *j = calloc(1, sizeof *j);
    ensure(j);
    snprintf(j->path, sizeof j->path, "%s", path);
    buf_init(&j->content, JOURNAL_BYTES_MAX);
    j->fd = os_open_append(path, st);
    if (j->fd >= 0 && read_events(j, st)) return j;
    journal_close(j);
    return NULL;
}

struct journal *journal_read(const char *path, struct status *st)
{
    struct journal *j = calloc(1, sizeof *j);
    ensure(j);
    snprintf(j->path, sizeof j->path, "%s", path);
    buf_init(&j->content, JOURNAL_BYTES_MAX);
    j->fd = -1;
    if (read_events(j, st)) return j;
    journal_close(j);
    return NULL;
}

void journal_close(struct journal *j)
{
    if (!j) return;
    os_close(j->fd);
    buf_release(&j->content);
    for (int i = 0; i < j->appended_count; i++) free(j->appended[i]);
    free(j);
}

bool journal_append(struct journal *j, int step, const char *event, const char *detail, struct status *st)
{
    ensure(j->fd >= 0);
    if (j->count == JOURNAL_EVENTS_MAX)
        return status_fail(st, STATUS_CORRUPT, "\"%s\" has more than %d events", j->path, JOURNAL_EVENTS_MAX);
    char clock[21];
    os_wall_clock(clock);
    struct buf line;
    buf_init(&line, 65536);
    buf_addf(&line, "%d\t%s\t%03d\t%s\t", j->count + 1, clock, step, event);
    size_t text = line.length;
    buf_add_text(&line, detail);
    for (size_t i = text; i < line.length; i++)
        if (line.bytes[i] == '\t' || line.bytes[i] == '\n') line.bytes[i] = ' ';
    char *copy = strdup(line.bytes + text);
    buf_addf(&line, "\t%016llx\n", (unsigned long long)XXH3_64bits(line.bytes, line.length));
    bool ok = os_write(j->fd, j->path, line.bytes, line.length, st) && os_fsync(j->fd, j->path, st);
    buf_release(&line);
    ensure(copy);
    j->appended[j->appended_count++] = copy;
    char *name = strdup(event), *time = strdup(clock);
    ensure(name && time);
    j->appended[j->appended_count++] = name;
    j->appended[j->appended_count++] = time;
    j->events[j->count++] = (struct journal_event){.name = name, .detail = copy, .time = time, .step = step};
    return ok;
}

const char *journal_find(const struct journal *j, const char *event)
{
    for (int i = j->count; i-- > 0;)
        if (strcmp(j->events[i].name, event) == 0) return j->events[i].detail;
    return NULL;
}

const char *journal_last(const struct journal *j)
{
    return j->count ? j->events[j->count - 1].name : "";
}

int journal_count(const struct journal *j)
{
    return j->count;
}

const struct journal_event *journal_event(const struct journal *j, int index)
{
    ensure(index >= 0 && index < j->count);
    return &j->events[index];
}
