/* clock.h - what time it is. Any thread. */
#ifndef FV_REGISTRY_CLOCK_H
#define FV_REGISTRY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t fv_wall_ms(void);   /* since 1970 UTC, by the machine's clock, which may be set back */
int64_t fv_steady_ms(void); /* since some moment; never set */

/* A lease lasts at most so long, so that one which ends later was taken before the clock was set back, and does not hold. */
#define FV_LEASE_MS_MAX INT64_C(600000)
static inline bool fv_lease_holds(int64_t lease_ms, int64_t now_ms) {
    return lease_ms > now_ms && lease_ms <= now_ms + FV_LEASE_MS_MAX;
}

#endif
