/* sandbox.h - how fovea-reader gives up its rights before it looks at a file. */
#ifndef FV_FORMATS_SANDBOX_H
#define FV_FORMATS_SANDBOX_H

#include <stdint.h>

/* From here on, until its end, this process opens no file, starts none, gains no privileges, writes to what is open only, has
 * `memory` bytes of address space and `processor` seconds; and it is killed with the thread that started it. Any other system
 * call than those for memory, time and its own end fails with EPERM. Returns the fv_guard bits of what the system lets be set
 * up: a kernel or container may allow no filter, and sanitizers reserve more address space than any limit. */
unsigned fv_sandbox_enter(int64_t memory, int64_t processor);

#endif
