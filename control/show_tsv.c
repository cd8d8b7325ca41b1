#include "control/show_tsv.h"

#include <string.h>

static bool open_file(struct show_tsv *t, const char *path, int fields, struct status *st)
{
    struct os_file_identity id;
    *t = (struct show_tsv){.fd = -1, .fields = fields};
    snprintf(t->path, sizeof t->path, "%s", path);
    t->fd = os_open_read(path, st);
    if (t->fd < 0 || !os_identify_fd(t->fd, path, &id, st)) return false;
    t->size = id.size;
    t->room = malloc(SHOW_TSV_ROOM + 1);
    ensure(t->room);
    t->next = t->end = t->room;
    return true;
}

void show_tsv_close(struct show_tsv *t)
{
    os_close(t->fd);
    free(t->room);
    t->fd = -1;
    t->room = NULL;
}

/* The next line, NUL ended, without its line end; NULL at the end or on a failure. */
static char *next_line(struct show_tsv *t, struct status *st)
{
    for (;;) {
        char *lf = memchr(t->next, '\n', (size_t)(t->end - t->next));
        bool last = !lf && t->at == t->size && t->end > t->next;
        if (lf || last) {
            char *line = t->next, *stop = lf ? lf : t->end;
            t->next = lf ? lf + 1 : t->end;
            if (stop > line && stop[-1] == '\r') stop--;
            *stop = 0;
            t->line++;
            return line;
        }
        if (t->at == t->size) return NULL;
        size_t left = (size_t)(t->end - t->next);
        memmove(t->room, t->next, left);
        size_t n = SHOW_TSV_ROOM - left;
        if (n == 0) {
            status_fail(st, STATUS_INPUT, "\"%s\": line %llu is longer than %d bytes", t->path,
                        (unsigned long long)t->line + 1, SHOW_TSV_ROOM);
            return NULL;
        }
        if (t->size - t->at < n) n = (size_t)(t->size - t->at);
        if (!os_read_at(t->fd, t->path, t->room + left, n, t->at, st)) return NULL;
        t->at += n;
        t->next = t->room;
        t->end = t->room + left + n;
    }
}

static int split(struct show_tsv *t, char *line)
{
    int n = 0;
    for (char *p = line; p && n < SHOW_TSV_FIELDS_MAX; n++) {
        t->field[n] = p;
        p = strchr(p, '\t');
        if (p) *p++ = 0;
    }
    for (int i = n; i < SHOW_TSV_FIELDS_MAX; i++) t->field[i] = "";
    return n;
}

bool show_tsv_open(struct show_tsv *t, const char *path, const char *const columns[], struct status *st)
{
    int n = 0;
    while (columns[n]) n++;
    ensure(n <= SHOW_TSV_FIELDS_MAX);
    if (!open_file(t, path, n, st)) return false;
    bool same = show_tsv_next(t, st);
    if (st->code != STATUS_OK) return false;
    for (int i = 0; same && i < n; i++) same = strcmp(t->field[i], columns[i]) == 0;
    return same || status_fail(st, STATUS_CORRUPT, "\"%s\" does not begin with the columns that belong there", path);
}

bool show_tsv_open_plain(struct show_tsv *t, const char *path, int fields_min, struct status *st)
{
    return open_file(t, path, -fields_min, st);
}

bool show_tsv_next(struct show_tsv *t, struct status *st)
{
    char *line = next_line(t, st);
    if (!line) return false;
    int n = split(t, line);
    if (t->fields >= 0 ? n == t->fields : n >= -t->fields) return true;
    return status_fail(st, STATUS_INPUT, "\"%s\": line %llu has %d fields, %s%d are needed", t->path,
                       (unsigned long long)t->line, n, t->fields < 0 ? "at least " : "",
                       t->fields < 0 ? -t->fields : t->fields);
}
