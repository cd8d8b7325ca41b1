#include "etl/tsv.h"

#include "base/os.h"

#include <string.h>

/* Splits at tabs in place; number of fields. */
static int split(char *line, char *field[])
{
    int n = 0;
    for (char *p = line; p && n < TSV_FIELDS_MAX; n++) {
        field[n] = p;
        p = strchr(p, '\t');
        if (p) *p++ = 0;
    }
    return n;
}

static bool wrong_line(const char *path, int line, int found, int wanted, struct status *st)
{
    return status_fail(st, STATUS_CORRUPT, "\"%s\": line %d has %d fields, not %d", path, line, found, wanted);
}

bool tsv_read(const char *path, const char *head, bool (*each)(void *context, char *field[], struct status *st),
              void *context, struct status *st)
{
    char *field[TSV_FIELDS_MAX];
    int wanted = 1, number = 1;
    struct buf text;
    buf_init(&text, TSV_FILE_MAX);
    for (const char *p = head; *p; p++) wanted += *p == '\t';
    bool ok = os_read_file(path, &text, st);
    size_t n = strlen(head);
    if (ok && (!text.bytes || strncmp(text.bytes, head, n) != 0 || text.bytes[n] != '\n'))
        ok = status_fail(st, STATUS_CORRUPT, "\"%s\" does not begin with the columns that are expected", path);
    for (char *line = ok ? text.bytes + n + 1 : NULL; ok && line && *line;) {
        char *end = strchr(line, '\n');
        if (end) *end++ = 0;
        int found = split(line, field);
        number++;
        ok = found == wanted ? each(context, field, st) : wrong_line(path, number, found, wanted, st);
        line = end;
    }
    buf_release(&text);
    return ok;
}

bool tsv_write(const char *folder, const char *name, struct buf *text, struct status *st)
{
    char path[OS_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    bool ok = os_write_file(path, buf_view(text), st);
    buf_clear(text);
    return ok;
}
