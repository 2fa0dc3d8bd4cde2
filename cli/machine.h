/* machine.h - what this machine is, as the system tells (Linux: /proc, /sys), and how fast it turns out to be. */
#ifndef FV_CLI_MACHINE_H
#define FV_CLI_MACHINE_H

#include <stdbool.h>

#include "fovea/error.h"

/* Zeros and empty texts where the system does not say. */
typedef struct fv_machine {
    char cpu[128];                           /* its name */
    char governor[32];                       /* of its clock: "powersave" */
    int64_t cpus;                            /* that this process may run on */
    int64_t cores;                           /* distinct ones under them: fewer where two threads share one */
    double quota;                            /* CPUs that control groups allow */
    double load;                             /* processes that wanted to run, over the last minute */
    int64_t memory, available, memory_limit; /* bytes; the limit is that of control groups */
} fv_machine;
/* `root`: in front of /proc and /sys; "" but in tests. */
void fv_machine_look(const char *root, fv_machine *out);

typedef struct fv_disk {
    char kind[32];        /* of file system: "ext4", "nfs" */
    bool network;         /* it lies on another machine */
    int64_t free;         /* bytes */
    double written, read; /* MB a second, synced; read 0: it could not be measured */
} fv_disk;
/* Writes a file without a name of some MB into `folder` and reads it again; nothing is left. */
FV_MUST_USE fv_error *fv_disk_measure(const char *folder, fv_disk *out);

typedef struct fv_speed {
    double one, all; /* by one thread; by the team */
} fv_speed;
FV_MUST_USE fv_error *fv_speed_of_products(fv_speed *gflops);   /* 512 × 512 × 512, f32 */
FV_MUST_USE fv_error *fv_speed_of_decoding(fv_speed *pictures); /* a second: JPEG, 500 × 375 */

#endif
