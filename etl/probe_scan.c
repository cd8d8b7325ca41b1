#include "etl/probe_scan.h"

#include "base/os.h"
#include "etl/decode.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { ROOM = 4 * PROBE_BYTES_MAX, ZLIB_ROOM = 256 * 1024 };

struct probe_scan {
    const struct layout *layout;
    char path[OS_PATH_MAX];
    gzFile file;         /* zlib reads plain files as they are */
    unsigned char *room; /* DECODE_SLACK, the bytes, DECODE_SLACK */
    unsigned char *at, *limit;
    unsigned char *beginning; /* of a record that is longer than what is looked at; NULL until there is one */
    uint64_t offset, line;    /* of `at`; lines so far */
    bool ended;               /* the file has been read to its end */
};

struct probe_scan *probe_scan_open(const char *path, const struct layout *l, struct status *st)
{
    struct os_file_identity id;
    int fd = os_open_read(path, st);
    if (fd < 0) return NULL;
    if (!os_identify_fd(fd, path, &id, st) || id.is_folder) {
        os_close(fd);
        if (st->code == STATUS_OK) status_fail(st, STATUS_USAGE, "\"%s\" is a folder, a file is needed", path);
        return NULL;
    }
    struct probe_scan *s = calloc(1, sizeof *s);
    ensure(s && strlen(path) < sizeof s->path);
    snprintf(s->path, sizeof s->path, "%s", path);
    s->layout = l;
    s->room = calloc(1, ROOM + 2 * DECODE_SLACK);
    s->file = gzdopen(fd, "rb");
    ensure(s->room && s->file);
    gzbuffer(s->file, ZLIB_ROOM);
    s->at = s->limit = s->room + DECODE_SLACK;
    return s;
}

void probe_scan_close(struct probe_scan *s)
{
    if (!s) return;
    gzclose_r(s->file);
    free(s->room);
    free(s->beginning);
    free(s);
}

static bool fail_read(struct probe_scan *s, struct status *st)
{
    int code;
    const char *what = gzerror(s->file, &code), *colon = strstr(what, ": ");
    if (code == Z_ERRNO) return status_fail(st, STATUS_IO, "could not read \"%s\": %m", s->path);
    status_fail(st, STATUS_INPUT, "could not unpack \"%s\" after byte %llu: %s", s->path,
                (unsigned long long)(s->offset + (uint64_t)(s->limit - s->at)), colon ? colon + 2 : what);
    return status_hint(st, "the file is damaged or cut short: have it sent again");
}

/* As many bytes as there is room for; what is left moves to the front. */
static bool fill(struct probe_scan *s, struct status *st)
{
    size_t left = (size_t)(s->limit - s->at);
    if (s->ended || left >= 2 * PROBE_BYTES_MAX) return true;
    unsigned char *start = s->room + DECODE_SLACK;
    memmove(start, s->at, left);
    s->at = start;
    s->limit = start + left;
    while (!s->ended && (size_t)(s->limit - start) < ROOM) {
        int n = gzread(s->file, s->limit, (unsigned)(ROOM - (size_t)(s->limit - start)));
        int code = Z_OK;
        if (n <= 0) gzerror(s->file, &code);
        if (n < 0 || code != Z_OK) return fail_read(s, st);
        s->limit += n;
        s->ended = n == 0;
    }
    memset(s->limit, 0, DECODE_SLACK);
    return true;
}

/* A record longer than what is looked at: its beginning is kept, its end is searched for, its length counted. */
static bool skip_long(struct probe_scan *s, struct probe_record *r, struct status *st)
{
    if (!s->beginning) s->beginning = calloc(1, PROBE_BYTES_MAX + 2 * DECODE_SLACK);
    ensure(s->beginning);
    memcpy(s->beginning + DECODE_SLACK, r->bytes, PROBE_BYTES_MAX);
    r->bytes = s->beginning + DECODE_SLACK;
    for (;;) {
        unsigned char *lf = memchr(s->at, '\n', (size_t)(s->limit - s->at));
        size_t step = lf ? (size_t)(lf - s->at) + 1 : (size_t)(s->limit - s->at);
        s->at += step;
        s->offset += step;
        r->length += step;
        if (lf) {
            r->length--;
            r->line_end = PROBE_LF;
            return true;
        }
        if (s->ended) return true;
        if (!fill(s, st)) return false;
    }
}

static bool matches(const struct layout_mark *m, const struct probe_record *r)
{
    size_t n = m->present ? strlen(m->match) : 0;
    return m->present && m->match_offset + n <= r->length && memcmp(r->bytes + m->match_offset, m->match, n) == 0;
}

/* As import decides it: a header is the first record, a trailer the last one. */
static enum probe_kind kind_of(const struct probe_scan *s, const struct probe_record *r)
{
    uint64_t behind = (uint64_t)(s->limit - r->bytes) - r->length;
    if (r->offset == 0 && matches(&s->layout->header, r)) return PROBE_HEADER;
    return s->ended && behind <= 2 && matches(&s->layout->trailer, r) ? PROBE_TRAILER : PROBE_DATA;
}

static size_t cut_line(const struct probe_scan *s, struct probe_record *r)
{
    enum layout_line_end wanted = s->layout->line_end;
    const unsigned char *lf = memchr(s->at, '\n', (size_t)(s->limit - s->at));
    size_t step = lf ? (size_t)(lf - s->at) + 1 : (size_t)(s->limit - s->at), length = step - (lf != NULL);
    bool cr = length && s->at[length - 1] == '\r';
    r->line_end = !lf ? PROBE_NO_END : cr ? PROBE_CRLF : PROBE_LF;
    if (wanted == LAYOUT_CRLF && lf && !cr)
        length += length == s->layout->record_length; /* without its CR it is a record of another length */
    else if (wanted != LAYOUT_LF && cr)
        length--;
    r->length = length;
    return step;
}

bool probe_scan_next(struct probe_scan *s, struct probe_record *r, bool *end, struct status *st)
{
    if (!fill(s, st)) return status_while(st, "reading \"%s\"", s->path);
    *end = s->at == s->limit;
    if (*end) return true;
    *r = (struct probe_record){.offset = s->offset, .line = ++s->line, .bytes = s->at, .line_end = PROBE_NO_END};
    size_t left = (size_t)(s->limit - s->at), step;
    if (s->layout->line_end == LAYOUT_NO_LINE_END) {
        step = left < s->layout->record_length ? left : s->layout->record_length;
        r->length = step;
    } else {
        step = cut_line(s, r);
    }
    r->kind = kind_of(s, r);
    bool cut = step == left && !s->ended && s->layout->line_end != LAYOUT_NO_LINE_END && s->at[step - 1] != '\n';
    s->at += step;
    s->offset += step;
    if (cut && !skip_long(s, r, st)) return status_while(st, "reading \"%s\"", s->path);
    r->next = s->offset;
    return true;
}
