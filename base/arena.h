/* arena: memory that is freed together. Named by its lifetime (run, step, batch) and passed explicitly.
 *
 * Not thread-safe: one arena, one thread. Allocation never returns NULL: exhaustion of the machine aborts, the memory
 * budget of a run is kept by etl/exchange, which spills. Memory is zeroed.
 */
#ifndef CRMX_BASE_ARENA_H
#define CRMX_BASE_ARENA_H

#include "base/view.h"

struct arena_block;
struct arena {
    const char *name;
    struct arena_block *block;
    char *next, *end;
};

void arena_init(struct arena *a, const char *name);
void arena_release(struct arena *a);
void *arena_take(struct arena *a, size_t size); /* zeroed, aligned to 16 */
/* A NUL-ended copy. */
char *arena_dup(struct arena *a, struct view text);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define arena_new(a, type) ((type *)arena_take((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_take((a), sizeof(type) * (size_t)(n)))

#endif
