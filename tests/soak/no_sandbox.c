/* no_sandbox.c - to be preloaded into fovea-reader where its branches are counted (coverage.sh): the kernel is not asked to
 * keep it, which would keep it from writing its counts too, and it ends by exit, which is when they are written. */
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#pragma GCC visibility push(default)

int prctl(int option, ...) {
    (void)option;
    return 0;
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limits) {
    (void)resource, (void)limits;
    return 0;
}

void _exit(int status) { exit(status); }

#pragma GCC visibility pop
