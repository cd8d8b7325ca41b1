#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>

enum { STACK_SIZE = 2 * 1024 * 1024 };

struct pool {
    int workers;
    pthread_t threads[POOL_WORKERS_MAX];
    struct worker {
        struct pool *pool;
        int number;
    } worker[POOL_WORKERS_MAX];
    pthread_mutex_t lock;
    pthread_cond_t start, finished;
    uint64_t round; /* a new round starts when it changes */
    int busy;       /* workers still in the round */
    bool quit;
    /* the round */
    pool_task *run;
    void *context;
    uint64_t tasks;
    _Atomic uint64_t next;
    _Atomic bool failed;
    uint64_t failed_task;
    struct status failure;
};

static void work(struct pool *p, int worker)
{
    while (!atomic_load_explicit(&p->failed, memory_order_relaxed)) {
        uint64_t task = atomic_fetch_add(&p->next, 1);
        if (task >= p->tasks) break;
        struct status st = {0};
        if (p->run(p->context, worker, task, &st)) continue;
        ensure(st.code != STATUS_OK);
        pthread_mutex_lock(&p->lock);
        if (p->failure.code == STATUS_OK || task < p->failed_task) {
            p->failure = st;
            p->failed_task = task;
        }
        pthread_mutex_unlock(&p->lock);
        atomic_store(&p->failed, true);
    }
}

static void *worker_main(void *argument)
{
    struct worker *w = argument;
    struct pool *p = w->pool;
    uint64_t seen = 0;
    for (;;) {
        pthread_mutex_lock(&p->lock);
        while (p->round == seen && !p->quit) pthread_cond_wait(&p->start, &p->lock);
        seen = p->round;
        bool quit = p->quit;
        pthread_mutex_unlock(&p->lock);
        if (quit) return NULL;
        work(p, w->number);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0) pthread_cond_signal(&p->finished);
        pthread_mutex_unlock(&p->lock);
    }
}

struct pool *pool_new(int workers)
{
    ensure(workers >= 1 && workers <= POOL_WORKERS_MAX);
    struct pool *p = calloc(1, sizeof *p);
    ensure(p);
    p->workers = workers;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->finished, NULL);
    pthread_attr_t attributes; /* 8 MB of stack a thread would count against a small memory budget */
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    for (int i = 1; i < workers; i++) {
        p->worker[i] = (struct worker){p, i};
        ensure(pthread_create(&p->threads[i], &attributes, worker_main, &p->worker[i]) == 0);
    }
    pthread_attr_destroy(&attributes);
    return p;
}

void pool_free(struct pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (int i = 1; i < p->workers; i++) pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->start);
    pthread_cond_destroy(&p->finished);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

int pool_workers(const struct pool *p)
{
    return p->workers;
}

bool pool_run(struct pool *p, uint64_t tasks, pool_task *run, void *context, struct status *st)
{
    pthread_mutex_lock(&p->lock);
    p->run = run;
    p->context = context;
    p->tasks = tasks;
    atomic_store(&p->next, 0);
    atomic_store(&p->failed, false);
    p->failure = (struct status){0};
    p->busy = p->workers - 1;
    p->round++;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    work(p, 0);
    pthread_mutex_lock(&p->lock);
    while (p->busy > 0) pthread_cond_wait(&p->finished, &p->lock);
    pthread_mutex_unlock(&p->lock);
    if (p->failure.code == STATUS_OK) return true;
    *st = p->failure;
    return false;
}
