#include "base/budget.h"

#include "base/os.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SLABS_MAX = 1 << 20 };

struct free_block {
    struct free_block *next;
};

struct budget {
    uint64_t bytes_max, reserve;
    uint32_t block_size;
    int slab_blocks;
    uint64_t blocks_out; /* given and not returned */
    _Atomic uint64_t used, peak;
    pthread_mutex_t lock; /* guards the block lists; taken once per 16 KiB, so contention does not show */
    struct free_block *free_blocks;
    struct slab { /* blocks are cut from: [0] within the budget, [1] out of the reserve */
        char *bytes;
        int left;
    } slab[2];
    void **slabs;
    int slabs_count, slabs_capacity;
};

struct budget *budget_new(uint64_t bytes_max, uint64_t reserve, uint32_t block_size)
{
    struct budget *b = calloc(1, sizeof *b);
    ensure(b && reserve < bytes_max && block_size >= BUDGET_BLOCK_SIZE_MIN && block_size <= BUDGET_BLOCK_SIZE_MAX &&
           (block_size & (block_size - 1)) == 0);
    b->block_size = block_size;
    b->slab_blocks = (int)(BUDGET_SLAB_SIZE / block_size);
    b->bytes_max = bytes_max;
    b->reserve = reserve;
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

void budget_free(struct budget *b)
{
    if (!b) return;
    for (int i = 0; i < b->slabs_count; i++) os_unmap(b->slabs[i], BUDGET_SLAB_SIZE);
    free(b->slabs);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

/* Counts size bytes unless the total would pass limit. */
static bool charge(struct budget *b, uint64_t size, uint64_t limit)
{
    uint64_t used = atomic_load(&b->used);
    do {
        if (used + size > limit) return false;
    } while (!atomic_compare_exchange_weak(&b->used, &used, used + size));
    uint64_t peak = atomic_load(&b->peak);
    while (used + size > peak && !atomic_compare_exchange_weak(&b->peak, &peak, used + size)) {}
    return true;
}

static bool new_slab(struct budget *b, struct slab *slab, uint64_t limit)
{
    if (!charge(b, BUDGET_SLAB_SIZE, limit)) return false;
    slab->bytes = os_map(BUDGET_SLAB_SIZE);
    if (!slab->bytes) {
        atomic_fetch_sub(&b->used, BUDGET_SLAB_SIZE);
        return false;
    }
    if (b->slabs_count == b->slabs_capacity) {
        b->slabs_capacity = b->slabs_capacity ? b->slabs_capacity * 2 : 64;
        ensure(b->slabs_capacity <= SLABS_MAX);
        b->slabs = realloc(b->slabs, (size_t)b->slabs_capacity * sizeof *b->slabs);
        ensure(b->slabs);
    }
    b->slabs[b->slabs_count++] = slab->bytes;
    slab->left = b->slab_blocks;
    return true;
}

static void *take_block(struct budget *b, struct slab *slab, uint64_t limit, uint64_t blocks_max)
{
    void *block = NULL;
    pthread_mutex_lock(&b->lock);
    if (b->blocks_out >= blocks_max) {
        block = NULL;
    } else if (b->free_blocks) {
        block = b->free_blocks;
        b->free_blocks = b->free_blocks->next;
    } else if (slab->left || new_slab(b, slab, limit)) {
        block = slab->bytes + (size_t)(b->slab_blocks - slab->left--) * b->block_size;
    }
    b->blocks_out += block != NULL;
    pthread_mutex_unlock(&b->lock);
    return block;
}

void *budget_block(struct budget *b, bool first)
{
    uint64_t room = b->bytes_max - b->reserve;
    return take_block(b, &b->slab[0], room, first ? UINT64_MAX : room / b->block_size / 2);
}

void *budget_block_reserved(struct budget *b)
{
    return take_block(b, &b->slab[1], b->bytes_max,
                      UINT64_MAX); /* a slab of its own: blocks of the others would use it up */
}

void budget_block_return(struct budget *b, void *block)
{
    struct free_block *f = block;
    pthread_mutex_lock(&b->lock);
    f->next = b->free_blocks;
    b->free_blocks = f;
    b->blocks_out--;
    pthread_mutex_unlock(&b->lock);
}

void *budget_region(struct budget *b, size_t size, const char *purpose, struct status *st)
{
    void *p = NULL;
    bool charged = charge(b, size, b->bytes_max);
    if (charged) p = os_map(size);
    if (p) return p;
    if (charged) atomic_fetch_sub(&b->used, size);
    status_fail(st, STATUS_MEMORY, "could not take %zu MiB of memory for %s: %llu of %llu MiB are in use", size >> 20,
                purpose, (unsigned long long)(budget_used(b) >> 20), (unsigned long long)(b->bytes_max >> 20));
    status_hint(st, "raise the budget: crmx run … --set run.memory_max=%llum",
                (unsigned long long)((b->bytes_max + size) >> 19));
    return NULL;
}

void budget_region_return(struct budget *b, void *region, size_t size)
{
    if (!region) return;
    os_unmap(region, size);
    atomic_fetch_sub(&b->used, size);
}

uint32_t budget_block_size(const struct budget *b)
{
    return b->block_size;
}

uint64_t budget_used(const struct budget *b)
{
    return atomic_load(&b->used);
}

uint64_t budget_peak(const struct budget *b)
{
    return atomic_load(&b->peak);
}

uint64_t budget_max(const struct budget *b)
{
    return b->bytes_max;
}
