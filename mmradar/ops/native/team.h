/* Distributes the work of a kernel over threads: each takes the next piece until none is left. */
#ifndef MMRADAR_TEAM_H
#define MMRADAR_TEAM_H

#include <stdint.h>

/* Processes units [first, last) of batch element b, its part-th range. Returns 0, or 1 if memory ran out. */
typedef int kernel_function(const void *arguments, int64_t b, int64_t first, int64_t last, int64_t part);

struct team {
    kernel_function *kernel;
    const void *arguments;
    int64_t batch, units, parts; /* each batch element has `units` of work, cut into `parts` ranges */
    int64_t next, failures;      /* 0 at the start */
};

void team_work(struct team *team) {
    for (;;) {
        const int64_t piece = __atomic_fetch_add(&team->next, 1, __ATOMIC_RELAXED);
        if (piece >= team->batch * team->parts) return;
        const int64_t b = piece / team->parts, part = piece % team->parts;
        const int64_t first = team->units * part / team->parts, last = team->units * (part + 1) / team->parts;
        if (team->kernel(team->arguments, b, first, last, part))
            __atomic_fetch_add(&team->failures, 1, __ATOMIC_RELAXED);
    }
}

#endif
