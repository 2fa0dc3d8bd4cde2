/* sandbox.c - see sandbox.h. Resource limits (setrlimit), then a filter of system calls (seccomp, filter mode). */
#include "core/formats/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "core/formats/answer.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer))
#else
#define SANITIZED false
#endif

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#endif

/* Sets the limit, and `last` more as the one that cannot be got round; never raises what was set from outside. */
static bool limit(int resource, int64_t to, int64_t last) {
    struct rlimit now;
    if (getrlimit(resource, &now) < 0) return false;
    if ((rlim_t)(to + last) < now.rlim_max) now.rlim_max = (rlim_t)(to + last);
    now.rlim_cur = (rlim_t)to < now.rlim_max ? (rlim_t)to : now.rlim_max;
    return setrlimit(resource, &now) == 0;
}

#ifdef MACHINE
/* What the C library's memory, HDF5 and an orderly end need. Reading and writing goes to what is open: nothing but the notes,
 * and the socket by which bytes of the file are asked for. */
static const unsigned allowed[] = { SYS_read,         SYS_write,         SYS_writev,         SYS_brk,         SYS_mmap,
                                    SYS_munmap,       SYS_mremap,        SYS_mprotect,       SYS_madvise,     SYS_futex,
                                    SYS_getrandom,    SYS_clock_gettime, SYS_sched_yield,    SYS_getpid,      SYS_gettid,
                                    SYS_rt_sigaction, SYS_rt_sigreturn,  SYS_rt_sigprocmask, SYS_sigaltstack, SYS_exit,
                                    SYS_exit_group };
#define ALLOWED ((unsigned)(sizeof allowed / sizeof *allowed))

static unsigned filter_calls(void) {
    struct sock_filter program[ALLOWED + 8] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), /* the numbers below are of another machine */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    unsigned short n = 4;
    for (unsigned i = 0; i < ALLOWED; i++)
        program[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], (__u8)(ALLOWED - i), 0);
    program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){ n, program }, 0, 0) ? 0 : FV_GUARD_SYSCALLS;
}
#else
static unsigned filter_calls(void) { return 0; }
#endif

unsigned fv_sandbox_enter(int64_t memory, int64_t processor) {
    unsigned guards = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_CPU, processor, 1); /* SIGXCPU, then SIGKILL */
    limit(RLIMIT_FSIZE, 0, 0);
    limit(RLIMIT_NOFILE, 0, 0);
    limit(RLIMIT_NPROC, 0, 0);
    if (!SANITIZED && limit(RLIMIT_AS, memory, 0)) guards |= FV_GUARD_MEMORY;
    return guards | filter_calls();
}
