// Threads that share out the parts of a job.
#pragma once

#include <stddef.h>

typedef struct qt_pool qt_pool;

// A pool in which `threads` threads work, the caller of qt_pool_run among them. Fewer where the system grants fewer;
// NULL without memory.
qt_pool *qt_pool_create(size_t threads);

// Ends the workers and frees the pool. No job may be running.
void qt_pool_destroy(qt_pool *pool);

// Calls body(context, part) once for each part below `parts`, on any of the threads, and returns after the last call
// has returned. A call from within a job, or while another thread's job runs, does its parts on the caller alone.
void qt_pool_run(qt_pool *pool, size_t parts, void (*body)(void *context, size_t part), void *context);
