/* pool: worker threads that take numbered tasks in order.
 *
 * pool_run() hands out tasks 0..n-1 in increasing order to all workers (the caller is worker 0) and returns when all
 * are done. A task that fails (returns false with a status) stops the hand-out; the failure of the lowest task number
 * among those that ran is the one returned, so that a run fails the same way whatever the thread count.
 */
#ifndef CRMX_BASE_POOL_H
#define CRMX_BASE_POOL_H

#include "base/status.h"

#include <stdint.h>

enum { POOL_WORKERS_MAX = 64 };

struct pool;
typedef bool pool_task(void *context, int worker, uint64_t task, struct status *st);

struct pool *pool_new(int workers);
void pool_free(struct pool *p);
int pool_workers(const struct pool *p);
bool pool_run(struct pool *p, uint64_t tasks, pool_task *run, void *context, struct status *st);

#endif
