#include "qt_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// Looks at the number of the job before a worker without work goes to sleep: some tens of microseconds.
enum { SPINS_BEFORE_SLEEP = 4000 };

// Looks at the finished parts before a caller lets other threads of the machine run.
enum { SPINS_BEFORE_YIELD = 2000 };

typedef struct {
    void (*body)(void *context, size_t part);
    void *context;
} job;

// A thread, and the parts that it takes before it helps the others: neighbours, and the same ones in each job of as many
// parts, so that it finds in its own cache what it wrote in the job before.
typedef struct {
    // Upper half: number of the job; lower half: parts not yet taken. A part is taken by lowering the ticket with a
    // compare-and-swap, which fails for a thread that still has an older job in mind. So nobody waits for a worker
    // that has not begun, and a job's data are only used while the job lasts.
    _Alignas(64) _Atomic uint64_t ticket;
    qt_pool *pool;
    pthread_t thread;
} seat;

struct qt_pool {
    _Alignas(64) _Atomic uint64_t number;  // of the latest job; written when all of its tickets are
    _Alignas(64) _Atomic size_t finished;
    _Alignas(64) _Atomic(void (*)(void *, size_t)) body;
    _Atomic(void *) context;
    _Atomic size_t parts;
    _Alignas(64) atomic_bool busy;
    atomic_bool stopping;
    _Atomic size_t sleepers;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    size_t threads;
    seat seats[];  // the caller's first
};

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Where the parts of seat `index` begin.
static size_t share_start(size_t index, size_t parts, size_t threads) { return index * parts / threads; }

// Takes and runs the parts of seat `index` in job `number` until none is left there.
static void work_at(qt_pool *pool, uint64_t number, size_t index) {
    _Atomic uint64_t *tickets = &pool->seats[index].ticket;
    uint64_t ticket = atomic_load_explicit(tickets, memory_order_acquire);
    while ((ticket & UINT32_MAX) != 0 && ticket >> 32 == number) {
        job current = {atomic_load_explicit(&pool->body, memory_order_relaxed),
                       atomic_load_explicit(&pool->context, memory_order_relaxed)};
        size_t parts = atomic_load_explicit(&pool->parts, memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(tickets, &ticket, ticket - 1, memory_order_acq_rel,
                                                  memory_order_acquire)) {
            size_t end = share_start(index + 1, parts, pool->threads);
            current.body(current.context, end - (size_t)(ticket & UINT32_MAX));
            atomic_fetch_add_explicit(&pool->finished, 1, memory_order_release);
            ticket = atomic_load_explicit(tickets, memory_order_acquire);
        }
    }
}

// A thread's own parts first, then what the others have not taken.
static void work(qt_pool *pool, uint64_t number, size_t index) {
    for (size_t step = 0; step < pool->threads; step++) work_at(pool, number, (index + step) % pool->threads);
}

static bool has_news(qt_pool *pool, uint64_t number) {
    return atomic_load(&pool->number) != number || atomic_load(&pool->stopping);
}

static void *worker(void *argument) {
    seat *own = argument;
    qt_pool *pool = own->pool;
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
        number = atomic_load_explicit(&pool->number, memory_order_acquire);
        work(pool, number, (size_t)(own - pool->seats));
    }
}

static void wake_sleepers(qt_pool *pool) {
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

qt_pool *qt_pool_create(size_t threads) {
    size_t wanted = threads == 0 ? 1 : threads > 4097 ? 4097 : threads;
    qt_pool *pool = aligned_alloc(64, sizeof(qt_pool) + wanted * sizeof(seat));
    if (pool == NULL) return NULL;
    atomic_init(&pool->number, 0);
    atomic_init(&pool->finished, 0);
    atomic_init(&pool->body, NULL);
    atomic_init(&pool->context, NULL);
    atomic_init(&pool->parts, 0);
    atomic_init(&pool->busy, false);
    atomic_init(&pool->stopping, false);
    atomic_init(&pool->sleepers, 0);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (size_t index = 0; index < wanted; index++) {
        atomic_init(&pool->seats[index].ticket, 0);
        pool->seats[index].pool = pool;
    }
    pool->threads = 1;
    while (pool->threads < wanted) {
        seat *next = &pool->seats[pool->threads];
        if (pthread_create(&next->thread, NULL, worker, next) != 0) break;
        pool->threads++;
    }
    return pool;
}

void qt_pool_destroy(qt_pool *pool) {
    if (pool == NULL) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stopping, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (size_t index = 1; index < pool->threads; index++) pthread_join(pool->seats[index].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static void run_alone(size_t parts, void (*body)(void *, size_t), void *context) {
    for (size_t part = 0; part < parts; part++) body(context, part);
}

void qt_pool_run(qt_pool *pool, size_t parts, void (*body)(void *context, size_t part), void *context) {
    if (parts <= 1 || pool == NULL || pool->threads == 1 || parts > UINT32_MAX || atomic_exchange(&pool->busy, true)) {
        run_alone(parts, body, context);
        return;
    }
    atomic_store_explicit(&pool->finished, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->body, body, memory_order_relaxed);
    atomic_store_explicit(&pool->context, context, memory_order_relaxed);
    atomic_store_explicit(&pool->parts, parts, memory_order_relaxed);
    uint64_t number = (atomic_load_explicit(&pool->number, memory_order_relaxed) + 1) & UINT32_MAX;
    for (size_t index = 0; index < pool->threads; index++) {
        uint64_t count = share_start(index + 1, parts, pool->threads) - share_start(index, parts, pool->threads);
        atomic_store_explicit(&pool->seats[index].ticket, number << 32 | count, memory_order_release);
    }
    atomic_store(&pool->number, number);
    wake_sleepers(pool);
    work(pool, number, 0);
    for (int spin = 0; atomic_load_explicit(&pool->finished, memory_order_acquire) != parts; spin++) {
        if (spin < SPINS_BEFORE_YIELD) {
            relax();
        } else {
            sched_yield();
        }
    }
    atomic_store(&pool->busy, false);
}
