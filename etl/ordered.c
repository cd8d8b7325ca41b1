#include "etl/ordered.h"

#include "base/os.h"

#define XXH_INLINE_ALL
#include <pthread.h>
#include <xxhash.h>

struct ordered {
    char path[OS_PATH_MAX];
    int fd;
    uint64_t next, end;
    uint64_t missing; /* the lowest part that will not come; UINT64_MAX: none */
    XXH3_state_t hash;
    pthread_mutex_t lock;
    pthread_cond_t turn;
};

struct ordered *ordered_create(const char *path, struct status *st)
{
    int fd = os_open_create(path, st);
    if (fd < 0) return NULL;
    struct ordered *o = aligned_alloc(64, (sizeof *o + 63) & ~(size_t)63); /* the hash state asks for 64 */
    ensure(o);
    *o = (struct ordered){.fd = fd, .missing = UINT64_MAX};
    snprintf(o->path, sizeof o->path, "%s", path);
    XXH3_128bits_reset(&o->hash);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->turn, NULL);
    return o;
}

bool ordered_append(struct ordered *o, uint64_t number, const void *bytes, size_t length, struct status *st)
{
    pthread_mutex_lock(&o->lock);
    while (o->next != number && o->missing >= number) pthread_cond_wait(&o->turn, &o->lock);
    bool mine = o->next == number;
    uint64_t offset = o->end;
    if (mine) {
        if (length) XXH3_128bits_update(&o->hash, bytes, length);
        o->end += length;
        o->next++;
    }
    pthread_cond_broadcast(&o->turn);
    pthread_mutex_unlock(&o->lock);
    if (!mine) return status_fail(st, STATUS_IO, "writing \"%s\" was given up after a failure elsewhere", o->path);
    if (length == 0) return true;
    if (!os_write_at(o->fd, o->path, bytes, length, offset, st)) {
        ordered_abort(o, number);
        return false;
    }
    os_write_back(o->fd, offset, length);
    return true;
}

void ordered_abort(struct ordered *o, uint64_t number)
{
    if (!o) return;
    pthread_mutex_lock(&o->lock);
    if (number < o->missing) o->missing = number;
    pthread_cond_broadcast(&o->turn);
    pthread_mutex_unlock(&o->lock);
}

void ordered_discard(struct ordered *o)
{
    if (!o) return;
    os_close(o->fd);
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->turn);
    free(o);
}

void ordered_finish(struct ordered *o, struct ordered_total *total)
{
    XXH128_hash_t h = XXH3_128bits_digest(&o->hash);
    *total = (struct ordered_total){o->end, h.low64, h.high64};
    ordered_discard(o);
}
