#include "etl/exchange.h"

#include "base/os.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* A block that went to the spill file; 12 bytes, for with a small budget there are millions. Bytes in units of four,
 * which all tuples are multiples of. */
struct extent {
    uint32_t offset_low;
    uint16_t offset_high, used;
    uint32_t next; /* index + 1 of the partition's next extent, 0 at the end */
};

static uint64_t extent_offset(const struct extent *e)
{
    return ((uint64_t)e->offset_high << 32 | e->offset_low) * 4;
}

struct exchange_store {
    const char *name;
    struct budget *budget;
    char path[OS_PATH_MAX];
    int fd; /* -1 until the first spill */
    pthread_mutex_t lock;
    uint64_t spill_end;
    struct extent *extents;
    uint32_t extents_count, extents_capacity;
    uint32_t *extent_head; /* per partition */
    uint64_t *count;       /* tuples per partition, after the seal */
    uint64_t total;
    uint32_t *give_up; /* per worker: the partition whose block is given up next */
};

bool exchange_init(struct exchange *x, const struct exchange_options *o, struct status *st)
{
    ensure(o->partitions >= 1 && o->tuple_size % 4 == 0 && o->tuple_size <= 1024);
    *x = (struct exchange){.partitions = o->partitions, .tuple_size = o->tuple_size, .workers = o->workers};
    x->writers = calloc((size_t)o->workers * o->partitions, sizeof *x->writers);
    struct exchange_store *s = calloc(1, sizeof *s);
    ensure(x->writers && s);
    x->store = s;
    s->name = o->name;
    s->budget = o->budget;
    s->fd = -1;
    s->extent_head = calloc(o->partitions, sizeof *s->extent_head);
    s->count = calloc(o->partitions, sizeof *s->count);
    s->give_up = calloc((size_t)o->workers, sizeof *s->give_up);
    ensure(s->extent_head && s->count && s->give_up);
    pthread_mutex_init(&s->lock, NULL);
    if (snprintf(s->path, sizeof s->path, "%s/%s.spill", o->spill_folder, o->name) >= (int)sizeof s->path)
        return status_fail(st, STATUS_IO, "path too long: \"%.200s...\"", o->spill_folder);
    return true;
}

static void return_blocks(struct exchange *x, struct exchange_writer *w)
{
    for (struct exchange_block *b = w->first; b;) {
        struct exchange_block *next = b->next;
        budget_block_return(x->store->budget, b);
        b = next;
    }
    *w = (struct exchange_writer){0};
}

void exchange_drop(struct exchange *x)
{
    struct exchange_store *s = x->store;
    if (!s) return;
    for (size_t i = 0; i < (size_t)x->workers * x->partitions; i++) return_blocks(x, &x->writers[i]);
    free(x->writers);
    if (s->fd >= 0) {
        struct status ignored = {0};
        os_close(s->fd);
        os_unlink(s->path, &ignored); /* a left-over spill file goes with its run folder */
    }
    pthread_mutex_destroy(&s->lock);
    free(s->extents);
    free(s->extent_head);
    free(s->count);
    free(s->give_up);
    free(s);
    *x = (struct exchange){0};
}

static void note_extent(struct exchange_store *s, uint32_t partition, uint64_t offset, uint32_t used)
{
    if (s->extents_count == s->extents_capacity) {
        s->extents_capacity = s->extents_capacity ? s->extents_capacity * 2 : 1024;
        s->extents = realloc(s->extents, s->extents_capacity * sizeof *s->extents);
        ensure(s->extents);
    }
    s->extents[s->extents_count] = (struct extent){(uint32_t)(offset / 4), (uint16_t)(offset / 4 >> 32),
                                                   (uint16_t)(used / 4), s->extent_head[partition]};
    s->extent_head[partition] = ++s->extents_count;
}

/* Writes a block to the spill file; its memory may be used again. */
static bool spill(struct exchange *x, const struct exchange_block *b, uint32_t used, uint32_t partition,
                  struct status *st)
{
    struct exchange_store *s = x->store;
    if (used == 0) return true;
    pthread_mutex_lock(&s->lock);
    if (s->fd < 0) s->fd = os_open_create(s->path, st);
    int fd = s->fd;
    uint64_t offset = s->spill_end;
    if (fd >= 0) {
        s->spill_end += used;
        note_extent(s, partition, offset, used);
    }
    pthread_mutex_unlock(&s->lock);
    if (fd < 0 || !os_write_at(fd, s->path, b + 1, used, offset, st))
        return status_while(st, "spilling %s (memory_max is used up)", s->name);
    return true;
}

static uint32_t written(const struct exchange_writer *w)
{
    return (uint32_t)(w->next - (char *)(w->last + 1));
}

/* Memory is full and the writer has no block yet: another partition of the same worker gives one up (no other thread
 * touches those). *block stays NULL when the worker has none at all. */
static bool give_up_block(struct exchange *x, int worker, struct exchange_block **block, struct status *st)
{
    uint32_t *turn = &x->store->give_up[worker];
    for (uint32_t i = 0; i < x->partitions; i++) {
        uint32_t partition = *turn;
        struct exchange_writer *w = &x->writers[(size_t)worker * x->partitions + partition];
        *turn = partition + 1 < x->partitions ? partition + 1 : 0;
        struct exchange_block *b = w->first;
        if (!b) continue;
        if (!spill(x, b, b == w->last ? written(w) : b->used, partition, st)) return false;
        if (b == w->last)
            *w = (struct exchange_writer){0};
        else
            w->first = b->next;
        *block = b;
        return true;
    }
    return true;
}

char *exchange_grow(struct exchange *x, int worker, uint32_t partition, struct status *st)
{
    struct exchange_writer *w = &x->writers[(size_t)worker * x->partitions + partition];
    struct exchange_block *b = budget_block(x->store->budget, w->last == NULL);
    if (!b && w->last) { /* keep one block per writer, write it out again and again */
        if (!spill(x, w->last, written(w), partition, st)) return NULL;
        return w->next = (char *)(w->last + 1);
    }
    if (!b && !give_up_block(x, worker, &b, st)) return NULL;
    if (!b) b = budget_block_reserved(x->store->budget);
    if (!b) {
        status_fail(st, STATUS_MEMORY, "no memory left for %s: %d threads need at least a block each", x->store->name,
                    x->workers);
        status_hint(st, "raise the budget: --set run.memory_max=512m");
        return NULL;
    }
    if (w->last) {
        w->last->used = written(w);
        w->last->next = b;
    } else {
        w->first = b;
    }
    *b = (struct exchange_block){0};
    w->last = b;
    w->end = (char *)b + budget_block_size(x->store->budget);
    return w->next = (char *)(b + 1);
}

void exchange_seal(struct exchange *x)
{
    struct exchange_store *s = x->store;
    ensure(!x->sealed);
    for (uint32_t p = 0; p < x->partitions; p++) {
        uint64_t bytes = 0;
        for (int w = 0; w < x->workers; w++) {
            struct exchange_writer *writer = &x->writers[(size_t)w * x->partitions + p];
            if (writer->last) writer->last->used = written(writer);
            for (struct exchange_block *b = writer->first; b; b = b->next) bytes += b->used;
        }
        for (uint32_t e = s->extent_head[p]; e; e = s->extents[e - 1].next) bytes += s->extents[e - 1].used * 4u;
        ensure(bytes % x->tuple_size == 0);
        s->count[p] = bytes / x->tuple_size;
        s->total += s->count[p];
    }
    x->sealed = true;
}

uint64_t exchange_count(const struct exchange *x, uint32_t partition)
{
    ensure(x->sealed);
    return x->store->count[partition];
}

uint64_t exchange_total(const struct exchange *x)
{
    ensure(x->sealed);
    return x->store->total;
}

uint64_t exchange_spilled_bytes(const struct exchange *x)
{
    return x->store ? x->store->spill_end : 0;
}

bool exchange_copy(struct exchange *x, uint32_t partition, void *out, struct status *st)
{
    struct exchange_store *s = x->store;
    char *to = out;
    for (int w = 0; w < x->workers; w++)
        for (struct exchange_block *b = x->writers[(size_t)w * x->partitions + partition].first; b; b = b->next) {
            memcpy(to, b + 1, b->used);
            to += b->used;
        }
    for (uint32_t e = s->extent_head[partition]; e; e = s->extents[e - 1].next) {
        const struct extent *extent = &s->extents[e - 1];
        if (!os_read_at(s->fd, s->path, to, extent->used * 4u, extent_offset(extent), st)) return false;
        to += extent->used * 4u;
    }
    ensure((uint64_t)(to - (char *)out) == s->count[partition] * x->tuple_size);
    return true;
}

bool exchange_take(struct exchange *x, uint32_t partition, void *out, struct status *st)
{
    if (!exchange_copy(x, partition, out, st)) return false;
    for (int w = 0; w < x->workers; w++) return_blocks(x, &x->writers[(size_t)w * x->partitions + partition]);
    return true;
}
