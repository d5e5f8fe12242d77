#include "qt_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// Looks at the ticket before a worker without work goes to sleep: some tens of microseconds.
enum { SPINS_BEFORE_SLEEP = 4000 };

// Looks at the finished parts before a caller lets other threads of the machine run.
enum { SPINS_BEFORE_YIELD = 2000 };

typedef struct {
    void (*body)(void *context, size_t part);
    void *context;
} job;

struct qt_pool {
    // Upper half: number of the job; lower half: parts not yet taken. A part is taken by lowering the ticket with a
    // compare-and-swap, which fails for a thread that still has an older job in mind. So nobody waits for a worker
    // that has not begun, and a job's data are only used while the job lasts.
    _Alignas(64) _Atomic uint64_t ticket;
    _Alignas(64) _Atomic size_t finished;
    _Alignas(64) _Atomic(void (*)(void *, size_t)) body;
    _Atomic(void *) context;
    _Alignas(64) atomic_bool busy;
    atomic_bool stopping;
    _Atomic size_t sleepers;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    size_t workers;
    pthread_t threads[];
};

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Takes and runs parts of the job in `ticket` until none is left.
static void work(qt_pool *pool, uint64_t ticket) {
    uint64_t number = ticket >> 32;
    while ((ticket & UINT32_MAX) != 0 && ticket >> 32 == number) {
        job current = {atomic_load_explicit(&pool->body, memory_order_relaxed),
                       atomic_load_explicit(&pool->context, memory_order_relaxed)};
        if (atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket - 1, memory_order_acq_rel,
                                                  memory_order_acquire)) {
            size_t part = (size_t)(ticket & UINT32_MAX) - 1;
            current.body(current.context, part);
            atomic_fetch_add_explicit(&pool->finished, 1, memory_order_release);
            ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
        }
    }
}

static bool has_news(qt_pool *pool, uint64_t number) {
    return atomic_load(&pool->ticket) >> 32 != number || atomic_load(&pool->stopping);
}

static void *worker(void *argument) {
    qt_pool *pool = argument;
    uint64_t number = 0;
    for (;;) {
        for (int spin = 0; spin < SPINS_BEFORE_SLEEP && !has_news(pool, number); spin++) relax();
        if (!has_news(pool, number)) {
            pthread_mutex_lock(&pool->lock);
            atomic_fetch_add(&pool->sleepers, 1);
            while (!has_news(pool, number)) pthread_cond_wait(&pool->wake, &pool->lock);
            atomic_fetch_sub(&pool->sleepers, 1);
            pthread_mutex_unlock(&pool->lock);
        }
        if (atomic_load(&pool->stopping)) return NULL;
        uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
        number = ticket >> 32;
        work(pool, ticket);
    }
}

static void wake_sleepers(qt_pool *pool) {
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

qt_pool *qt_pool_create(size_t threads) {
    size_t wanted = threads > 0 ? threads - 1 : 0;
    if (wanted > 4096) wanted = 4096;
    size_t bytes = (sizeof(qt_pool) + wanted * sizeof(pthread_t) + 63) / 64 * 64;
    qt_pool *pool = aligned_alloc(64, bytes);
    if (pool == NULL) return NULL;
    atomic_init(&pool->ticket, 0);
    atomic_init(&pool->finished, 0);
    atomic_init(&pool->body, NULL);
    atomic_init(&pool->context, NULL);
    atomic_init(&pool->busy, false);
    atomic_init(&pool->stopping, false);
    atomic_init(&pool->sleepers, 0);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->workers = 0;
    while (pool->workers < wanted && pthread_create(&pool->threads[pool->workers], NULL, worker, pool) == 0) {
        pool->workers++;
    }
    return pool;
}

void qt_pool_destroy(qt_pool *pool) {
    if (pool == NULL) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stopping, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (size_t index = 0; index < pool->workers; index++) pthread_join(pool->threads[index], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static void run_alone(size_t parts, void (*body)(void *, size_t), void *context) {
    for (size_t part = 0; part < parts; part++) body(context, part);
}

void qt_pool_run(qt_pool *pool, size_t parts, void (*body)(void *context, size_t part), void *context) {
    if (parts <= 1 || pool == NULL || pool->workers == 0 || parts > UINT32_MAX || atomic_exchange(&pool->busy, true)) {
        run_alone(parts, body, context);
        return;
    }
    atomic_store_explicit(&pool->finished, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->body, body, memory_order_relaxed);
    atomic_store_explicit(&pool->context, context, memory_order_relaxed);
    uint64_t number = (atomic_load(&pool->ticket) >> 32) + 1;
    uint64_t ticket = number << 32 | parts;
    atomic_store(&pool->ticket, ticket);
    wake_sleepers(pool);
    work(pool, ticket);
    for (int spin = 0; atomic_load_explicit(&pool->finished, memory_order_acquire) != parts; spin++) {
        if (spin < SPINS_BEFORE_YIELD) {
            relax();
        } else {
            sched_yield();
        }
    }
    atomic_store(&pool->busy, false);
}
