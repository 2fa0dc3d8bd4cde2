/* storage.h - which file system a folder lies on. Any thread. */
#ifndef FV_REGISTRY_STORAGE_H
#define FV_REGISTRY_STORAGE_H

#include <stdbool.h>

#include "fovea/error.h"

typedef struct fv_storage_kind {
    char name[24]; /* "ext4", "nfs"; of an unknown one its number, 0x… */
    bool network;  /* shared by machines, so that memory that processes share through it is none */
} fv_storage_kind;

FV_MUST_USE fv_error *fv_storage_kind_of(const char *folder, fv_storage_kind *out);

#endif
