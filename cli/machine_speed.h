/* machine_speed.h - how fast this machine turns out to be. */
#ifndef FV_CLI_MACHINE_SPEED_H
#define FV_CLI_MACHINE_SPEED_H

#include <stdbool.h>

#include "fovea/error.h"
#include "registry/storage.h"

typedef struct fv_disk {
    fv_storage_kind storage;
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
