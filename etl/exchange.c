#include "etl/exchange.h"

#include "base/os.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* A block that went to the spill file. Only full blocks do, so extent i starts at i * block_bytes: with a small budget there are
 * millions of them, and all the memory they need is the chain. */
struct extent {
    uint32_t next; /* index + 1 of the partition's next extent, 0 at the end */
};

struct exchange_store {
    const char *name;
    struct budget *budget;
    char path[OS_PATH_MAX];
    int fd; /* -1 until the first spill */
    pthread_mutex_t lock;
    uint32_t block_bytes; /* of tuples in a full block */
    struct extent *extents;
    uint32_t extents_count, extents_capacity;
    uint32_t *extent_head; /* per partition */
    uint64_t *count;       /* tuples per partition, after the seal */
    uint64_t total;
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
    s->block_bytes = (uint32_t)((budget_block_size(o->budget) - sizeof(struct exchange_block)) / o->tuple_size * o->tuple_size);
    ensure(s->block_bytes);
    s->extent_head = calloc(o->partitions, sizeof *s->extent_head);
    s->count = calloc(o->partitions, sizeof *s->count);
    ensure(s->extent_head && s->count);
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
    free(s);
    *x = (struct exchange){0};
}

/* Offset of the new extent. */
static uint64_t note_extent(struct exchange_store *s, uint32_t partition)
{
    if (s->extents_count == s->extents_capacity) {
        s->extents_capacity = s->extents_capacity ? s->extents_capacity * 2 : 1024;
        s->extents = realloc(s->extents, s->extents_capacity * sizeof *s->extents);
        ensure(s->extents);
    }
    s->extents[s->extents_count].next = s->extent_head[partition];
    s->extent_head[partition] = s->extents_count + 1;
    return (uint64_t)s->extents_count++ * s->block_bytes;
}

/* Writes the writer's full block to the spill file and empties it. */
static bool spill(struct exchange *x, struct exchange_writer *w, uint32_t partition, struct status *st)
{
    struct exchange_store *s = x->store;
    struct exchange_block *b = w->last;
    uint64_t offset = 0;
    ensure((uint32_t)(w->next - (char *)(b + 1)) == s->block_bytes);
    pthread_mutex_lock(&s->lock);
    if (s->fd < 0) s->fd = os_open_create(s->path, st);
    int fd = s->fd;
    if (fd >= 0) offset = note_extent(s, partition);
    pthread_mutex_unlock(&s->lock);
    if (fd < 0 || !os_write_at(fd, s->path, b + 1, s->block_bytes, offset, st))
        return status_while(st, "spilling %s (memory_max is used up)", s->name);
    return true;
}

char *exchange_grow(struct exchange *x, int worker, uint32_t partition, struct status *st)
{
    struct exchange_writer *w = &x->writers[(size_t)worker * x->partitions + partition];
    struct exchange_block *b = budget_block(x->store->budget, w->last == NULL);
    if (!b && w->last) { /* keep one block per writer, write it out again and again */
        if (!spill(x, w, partition, st)) return NULL;
        return w->next = (char *)(w->last + 1);
    }
    if (!b) {
        status_fail(st, STATUS_MEMORY, "no memory left for %s: %u partitions and %d threads need at least a block each",
                    x->store->name, x->partitions, x->workers);
        status_hint(st, "raise the budget: --set run.memory_max=512m");
        return NULL;
    }
    if (w->last) {
        w->last->used = (uint32_t)(w->next - (char *)(w->last + 1));
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
            if (writer->last) writer->last->used = (uint32_t)(writer->next - (char *)(writer->last + 1));
            for (struct exchange_block *b = writer->first; b; b = b->next) bytes += b->used;
        }
        for (uint32_t e = s->extent_head[p]; e; e = s->extents[e - 1].next) bytes += s->block_bytes;
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
    return (uint64_t)x->store->extents_count * x->store->block_bytes;
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
        if (!os_read_at(s->fd, s->path, to, s->block_bytes, (uint64_t)(e - 1) * s->block_bytes, st)) return false;
        to += s->block_bytes;
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
