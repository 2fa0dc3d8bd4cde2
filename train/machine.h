/* machine.h - what this machine is, as the system tells (Linux: /proc, /sys), and how much of it is taken. */
#ifndef FV_TRAIN_MACHINE_H
#define FV_TRAIN_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeros and empty texts where the system does not say. */
typedef struct fv_machine {
    char cpu[128];                           /* its name */
    char governor[32];                       /* of its clock: "powersave" */
    int64_t cpus;                            /* that this process may run on */
    int64_t cores;                           /* distinct ones under them: fewer where two threads share one */
    double quota;                            /* CPUs that control groups allow */
    double load;                             /* processes that wanted to run, over the last minute */
    int64_t memory, available, memory_limit; /* bytes; the limit is that of control groups */
    bool memory_is_limited;                  /* by a control group, */
    int64_t memory_left;                     /* and what it still allows */
} fv_machine;
/* `root`: in front of /proc and /sys; "" but in tests. */
void fv_machine_look(const char *root, fv_machine *out);

/* Bytes: of this process, in memory now; and that it may still take without swapping, its control groups' limits included. 0:
 * not known. */
int64_t fv_memory_resident(void);
int64_t fv_memory_available(void);

#endif
