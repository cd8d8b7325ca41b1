#include "etl/segment.h"

#include "base/os.h"
#include "etl/segment_code.h"

#define XXH_INLINE_ALL
#include <pthread.h>
#include <string.h>
/* The library is built for every processor; inside it is built for this one. The values are the same. */
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HEAD_SIZE = 64, TAIL_SIZE = 64, VERSION = 1, WRITE_BACK_SIZE = 8 << 20 };
static const char MAGIC[8] = "CRMXSEG";

struct segment_head {
    char magic[8];
    uint32_t version, partitions;
    char reserved[48];
};

struct segment_tail {
    char magic[8];
    uint64_t index_offset, index_bytes, index_hash;
    uint32_t columns, partitions;
    char reserved[24];
};

struct segment_writer {
    char path[OS_PATH_MAX];
    int fd;
    uint32_t partitions, next;
    uint64_t end, started; /* bytes before `started` are on their way to the disk */
    struct segment_column columns[SEGMENT_COLUMNS_MAX];
    int columns_count;
    struct segment_piece *pieces; /* [partition * SEGMENT_COLUMNS_MAX + column] would waste: grown per commit */
    pthread_mutex_t lock;
    pthread_cond_t turn;
    uint32_t missing; /* the lowest partition that will not come; UINT32_MAX: none */
};

/* --- writing --- */

struct segment_writer *segment_create(const char *path, uint32_t partitions, struct status *st)
{
    int fd = os_open_create(path, st);
    if (fd < 0) return NULL;
    struct segment_writer *w = calloc(1, sizeof *w);
    ensure(w);
    snprintf(w->path, sizeof w->path, "%s", path);
    w->fd = fd;
    w->partitions = partitions;
    w->end = w->started = HEAD_SIZE;
    w->missing = UINT32_MAX;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->turn, NULL);
    return w;
}

int segment_declare(struct segment_writer *w, const char *name, enum segment_type type, int scale, uint32_t raw_width)
{
    ensure(w->columns_count < SEGMENT_COLUMNS_MAX && w->next == 0 && !w->pieces && strlen(name) < SEGMENT_NAME_MAX);
    struct segment_column *c = &w->columns[w->columns_count];
    snprintf(c->name, sizeof c->name, "%s", name);
    c->type = type;
    c->scale = scale;
    c->width = raw_width;
    return w->columns_count++;
}

void segment_part_init(struct segment_part *p)
{
    memset(p, 0, sizeof *p);
    buf_init(&p->bytes, (size_t)1 << 40);
}

void segment_part_release(struct segment_part *p)
{
    buf_release(&p->bytes);
}

static void close_piece(struct segment_part *p, int column, size_t start, uint64_t rows)
{
    static const char ZEROS[8];
    buf_add(&p->bytes, ZEROS, (8 - p->bytes.length % 8) % 8);
    size_t length = p->bytes.length - start;
    p->pieces[column] = (struct segment_piece){start, length, rows, XXH3_64bits(p->bytes.bytes + start, length)};
}

void segment_put(struct segment_part *p, int column, const int64_t *values, uint64_t count)
{
    /* A table of run offsets first, so that any run can be found without decoding those before it. */
    size_t start = p->bytes.length;
    uint64_t runs = (count + SEGMENT_RUN - 1) / SEGMENT_RUN;
    size_t table = (runs * sizeof(uint32_t) + 7) & ~(size_t)7;
    if (table) memset(buf_room(&p->bytes, table), 0, table);
    for (uint64_t r = 0; r < runs; r++) {
        uint32_t offset = (uint32_t)(p->bytes.length - start),
                 n = (uint32_t)(count - r * SEGMENT_RUN < SEGMENT_RUN ? count - r * SEGMENT_RUN : SEGMENT_RUN);
        memcpy(p->bytes.bytes + start + r * sizeof offset, &offset, sizeof offset);
        segment_code_run(&p->bytes, values + r * SEGMENT_RUN, n);
    }
    close_piece(p, column, start, count);
}

void segment_put_raw(struct segment_part *p, int column, const void *bytes, uint64_t rows, uint32_t width)
{
    void *room = segment_room_raw(p, column, rows, width);
    if (rows) memcpy(room, bytes, rows * width);
    segment_close_raw(p, column);
}

void *segment_room_raw(struct segment_part *p, int column, uint64_t rows, uint32_t width)
{
    p->pieces[column] = (struct segment_piece){.offset = p->bytes.length, .rows = rows};
    void *room = buf_room(&p->bytes, rows * width);
    ensure(room);
    return room;
}

void segment_close_raw(struct segment_part *p, int column)
{
    close_piece(p, column, p->pieces[column].offset, p->pieces[column].rows);
}

/* Waits for the partition's turn and takes its place in the file. */
static bool take_place(struct segment_writer *w, uint32_t partition, const struct segment_part *p, uint64_t *offset,
                       uint64_t *start)
{
    *start = 0;
    pthread_mutex_lock(&w->lock);
    while (w->next != partition && w->missing >= partition) pthread_cond_wait(&w->turn, &w->lock);
    bool ok = w->next == partition;
    if (ok) {
        if (!w->pieces) {
            w->pieces = calloc((size_t)w->partitions * (size_t)w->columns_count + 1, sizeof *w->pieces);
            ensure(w->pieces);
        }
        *offset = w->end;
        if (w->end - w->started >=
            WRITE_BACK_SIZE) { /* the parts before this one; a late writer among them costs nothing but time */
            *start = w->started;
            w->started = w->end;
        }
        w->end += p->bytes.length;
        w->next++;
        for (int c = 0; c < w->columns_count; c++) {
            struct segment_piece *piece = &w->pieces[(size_t)partition * (size_t)w->columns_count + (size_t)c];
            *piece = p->pieces[c];
            piece->offset += *offset;
        }
    }
    pthread_cond_broadcast(&w->turn);
    pthread_mutex_unlock(&w->lock);
    return ok;
}

bool segment_commit(struct segment_writer *w, uint32_t partition, struct segment_part *p, struct status *st)
{
    uint64_t offset, start;
    ensure(partition < w->partitions);
    if (!take_place(w, partition, p, &offset, &start))
        return status_fail(st, STATUS_IO, "writing \"%s\" was given up after a failure elsewhere", w->path);
    bool ok = os_write_at(w->fd, w->path, p->bytes.bytes, p->bytes.length, offset, st);
    if (ok && start) os_write_back(w->fd, start, offset - start);
    if (!ok) segment_abort(w, partition);
    buf_clear(&p->bytes);
    memset(p->pieces, 0, sizeof p->pieces[0] * (size_t)w->columns_count);
    return ok;
}

void segment_abort(struct segment_writer *w, uint32_t partition)
{
    if (!w) return;
    pthread_mutex_lock(&w->lock);
    if (partition < w->missing) w->missing = partition;
    pthread_cond_broadcast(&w->turn);
    pthread_mutex_unlock(&w->lock);
}

void segment_discard(struct segment_writer *w)
{
    if (!w) return;
    os_close(w->fd);
    free(w->pieces);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->turn);
    free(w);
}

bool segment_finish(struct segment_writer *w, struct status *st)
{
    ensure(w->next == w->partitions);
    struct segment_head head = {.version = VERSION, .partitions = w->partitions};
    memcpy(head.magic, MAGIC, 8);
    struct buf index;
    buf_init(&index, (size_t)1 << 32);
    buf_add(&index, w->columns, (size_t)w->columns_count * sizeof *w->columns);
    if (w->pieces) buf_add(&index, w->pieces, (size_t)w->partitions * (size_t)w->columns_count * sizeof *w->pieces);
    struct segment_tail tail = {.index_offset = w->end,
                                .index_bytes = index.length,
                                .index_hash = XXH3_64bits(index.bytes, index.length),
                                .columns = (uint32_t)w->columns_count,
                                .partitions = w->partitions};
    memcpy(tail.magic, MAGIC, 8);
    buf_add(&index, &tail, sizeof tail);
    bool ok = os_write_at(w->fd, w->path, &head, sizeof head, 0, st) &&
              os_write_at(w->fd, w->path, index.bytes, index.length, w->end, st);
    buf_release(&index);
    if (ok) os_write_back(w->fd, w->started, 0); /* to the end: on its way while later steps compute */
    segment_discard(w);
    return ok;
}

/* --- reading --- */

struct segment {
    char path[OS_PATH_MAX];
    int fd;
    uint32_t partitions;
    int columns_count;
    struct segment_column *columns;
    struct segment_piece *pieces;
    char *index;
    uint64_t size;
    const char *map; /* the whole file; NULL: not mapped */
};

static bool damaged(const char *path, const char *what, struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "\"%s\" is damaged: %s", path, what);
    return status_hint(st, "find out what else is damaged: crmx generation verify; the disk may be failing");
}

/* Head and tail hold nothing that is not checked: every other byte of them is zero. */
static bool plain_zeros(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i]) return false;
    return true;
}

static bool read_index(struct segment *s, struct status *st)
{
    struct os_file_identity id;
    struct segment_head head;
    struct segment_tail tail;
    if (!os_identify_fd(s->fd, s->path, &id, st)) return false;
    s->size = id.size;
    if (id.size < HEAD_SIZE + TAIL_SIZE) return damaged(s->path, "it is too short to be a segment", st);
    if (!os_read_at(s->fd, s->path, &head, sizeof head, 0, st) ||
        !os_read_at(s->fd, s->path, &tail, sizeof tail, id.size - TAIL_SIZE, st))
        return false;
    if (memcmp(head.magic, MAGIC, 8) != 0 || !plain_zeros(head.reserved, sizeof head.reserved) ||
        head.partitions != tail.partitions)
        return damaged(s->path, "its head is no segment head", st);
    if (head.version != VERSION) {
        status_fail(st, STATUS_CORRUPT, "\"%s\" has format %u, this program reads format %d", s->path, head.version,
                    VERSION);
        return status_hint(st, "read it with the release of crmx that wrote it: crmx version");
    }
    if (!plain_zeros(tail.reserved, sizeof tail.reserved) || memcmp(tail.magic, MAGIC, 8) != 0 ||
        tail.index_bytes > id.size || tail.index_offset + tail.index_bytes + TAIL_SIZE != id.size ||
        tail.columns > SEGMENT_COLUMNS_MAX ||
        tail.index_bytes != tail.columns * sizeof(struct segment_column) +
                                (uint64_t)tail.columns * tail.partitions * sizeof(struct segment_piece))
        return damaged(s->path, "its tail is no segment tail", st);
    s->index = malloc(tail.index_bytes + 1);
    ensure(s->index);
    if (!os_read_at(s->fd, s->path, s->index, tail.index_bytes, tail.index_offset, st)) return false;
    if (XXH3_64bits(s->index, tail.index_bytes) != tail.index_hash)
        return damaged(s->path, "the index does not match its checksum", st);
    s->partitions = tail.partitions;
    s->columns_count = (int)tail.columns;
    s->columns = (struct segment_column *)(void *)s->index;
    s->pieces = (struct segment_piece *)(void *)(s->index + tail.columns * sizeof(struct segment_column));
    return true;
}

struct segment *segment_open(const char *path, struct status *st)
{
    struct segment *s = calloc(1, sizeof *s);
    ensure(s);
    snprintf(s->path, sizeof s->path, "%s", path);
    s->fd = os_open_read(path, st);
    if (s->fd >= 0 && read_index(s, st)) return s;
    segment_close(s);
    return NULL;
}

void segment_close(struct segment *s)
{
    if (!s) return;
    os_unmap_file(s->map, s->size);
    os_close(s->fd);
    free(s->index);
    free(s);
}

uint32_t segment_partitions(const struct segment *s)
{
    return s->partitions;
}

int segment_columns(const struct segment *s)
{
    return s->columns_count;
}

const struct segment_column *segment_column(const struct segment *s, int column)
{
    return &s->columns[column];
}

int segment_find(const struct segment *s, const char *name)
{
    for (int i = 0; i < s->columns_count; i++)
        if (strcmp(s->columns[i].name, name) == 0) return i;
    return -1;
}

static const struct segment_piece *piece_of(const struct segment *s, uint32_t partition, int column)
{
    ensure(partition < s->partitions && column >= 0 && column < s->columns_count);
    return &s->pieces[(size_t)partition * (size_t)s->columns_count + (size_t)column];
}

uint64_t segment_rows(const struct segment *s, uint32_t partition, int column)
{
    return piece_of(s, partition, column)->rows;
}

static bool check_piece(const struct segment *s, uint32_t partition, int column, const char *bytes, struct status *st)
{
    const struct segment_piece *p = piece_of(s, partition, column);
    if (XXH3_64bits(bytes, p->bytes) == p->hash) return true;
    status_fail(st, STATUS_CORRUPT,
                "\"%s\" is damaged: column %s of partition %u (%llu bytes at offset %llu) does not match its checksum",
                s->path, s->columns[column].name, partition, (unsigned long long)p->bytes,
                (unsigned long long)p->offset);
    return status_hint(st, "find out what else is damaged: crmx generation verify; the disk may be failing");
}

bool segment_load(struct segment *s, uint32_t partition, int column, struct buf *out, struct status *st)
{
    const struct segment_piece *p = piece_of(s, partition, column);
    buf_clear(out);
    if (p->bytes == 0) return true;
    char *room = buf_room(out, p->bytes);
    ensure(room);
    return os_read_at(s->fd, s->path, room, p->bytes, p->offset, st) && check_piece(s, partition, column, room, st);
}

bool segment_map(struct segment *s, struct status *st)
{
    if (!s->map) s->map = os_map_file(s->fd, s->path, s->size, st);
    return s->map != NULL;
}

bool segment_is_mapped(const struct segment *s)
{
    return s->map != NULL;
}

/* The pieces of a partition lie one behind the other: neighbours, and what little lies between them, in one call. */
bool segment_expect(struct segment *s, uint32_t partition, const bool *wanted, struct status *st)
{
    enum { GAP = 64 << 10 };
    uint64_t from = 0, to = 0;
    ensure(s->map);
    for (int c = 0; c < s->columns_count; c++) {
        const struct segment_piece *p = piece_of(s, partition, c);
        if (!wanted[c] || p->bytes == 0 || p->offset > s->size || p->bytes > s->size - p->offset) continue;
        bool next = to && p->offset >= from && p->offset <= to + GAP;
        if (!next && to - from > GAP && !os_load_mapped(s->map, s->path, from, to - from, st)) return false;
        if (!next) from = p->offset;
        to = p->offset + p->bytes;
    }
    return to - from <= GAP || os_load_mapped(s->map, s->path, from, to - from, st);
}

bool segment_view(struct segment *s, uint32_t partition, int column, struct view *out, struct status *st)
{
    const struct segment_piece *p = piece_of(s, partition, column);
    ensure(s->map);
    *out = (struct view){s->map + p->offset, p->bytes};
    if (p->bytes == 0) return true;
    if (p->offset > s->size || p->bytes > s->size - p->offset) return damaged(s->path, "it is too short", st);
    return check_piece(s, partition, column, out->bytes, st);
}

uint32_t segment_decode_run(struct view loaded, uint64_t run, int64_t *out)
{
    uint32_t offset;
    if ((run + 1) * sizeof offset > loaded.length) return 0;
    memcpy(&offset, loaded.bytes + run * sizeof offset, sizeof offset);
    if (offset >= loaded.length) return 0;
    return segment_decode((const unsigned char *)loaded.bytes + offset, loaded.length - offset, out);
}

bool segment_get(struct segment *s, uint32_t partition, int column, uint64_t first, uint64_t count, int64_t *out,
                 struct status *st)
{
    ensure(first % SEGMENT_RUN == 0 && first + count <= segment_rows(s, partition, column));
    struct buf loaded;
    struct view bytes;
    buf_init(&loaded, (size_t)1 << 40);
    bool ok = s->map ? segment_view(s, partition, column, &bytes, st) : segment_load(s, partition, column, &loaded, st);
    if (ok && !s->map) bytes = buf_view(&loaded);
    int64_t run[SEGMENT_RUN];
    for (uint64_t done = 0; ok && done < count;) {
        uint64_t left = count - done;
        uint32_t n = segment_decode_run(bytes, (first + done) / SEGMENT_RUN, left < SEGMENT_RUN ? run : out + done);
        if (n == 0) ok = damaged(s->path, "a run cannot be decoded", st);
        if (ok && left < SEGMENT_RUN) memcpy(out + done, run, (left < n ? left : n) * sizeof *out);
        done += left < n ? left : n;
    }
    buf_release(&loaded);
    return ok;
}

bool segment_get_raw(struct segment *s, uint32_t partition, int column, uint64_t first, uint64_t count, void *out,
                     struct status *st)
{
    const struct segment_piece *p = piece_of(s, partition, column);
    uint32_t width = s->columns[column].width;
    ensure(first + count <= p->rows && width);
    if (count == 0) return true;
    return os_read_at(s->fd, s->path, out, count * width, p->offset + first * width, st);
}

bool segment_verify(struct segment *s, struct status *st)
{
    struct buf loaded;
    buf_init(&loaded, (size_t)1 << 40);
    bool ok = true;
    for (uint32_t p = 0; ok && p < s->partitions; p++)
        for (int c = 0; ok && c < s->columns_count; c++) ok = segment_load(s, p, c, &loaded, st);
    buf_release(&loaded);
    return ok;
}
