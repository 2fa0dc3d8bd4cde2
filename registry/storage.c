/* storage.c - file systems by the numbers that statfs(2) gives them. */
#include "registry/storage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

#include "core/base/assert.h"

/* Of fuse nothing is known but that it may be anything, sshfs for one. */
static const struct {
    uint32_t number;
    const char *name;
    bool network;
} kinds[] = {
    { 0xEF53, "ext4", false },      { 0x58465342, "xfs", false },     { 0x9123683E, "btrfs", false },
    { 0x01021994, "tmpfs", false }, { 0x794C7630, "overlay", false }, { 0x2FC12FC1, "zfs", false },
    { 0x65735546, "fuse", true },   { 0x6969, "nfs", true },          { 0xFF534D42, "cifs", true },
    { 0xFE534D42, "smb2", true },   { 0x517B, "smb", true },          { 0x01021997, "9p", true },
    { 0x0BD00BD0, "lustre", true }, { 0x00C36400, "ceph", true },     { 0x47504653, "gpfs", true },
    { 0x01161970, "gfs2", true },   { 0x7461636f, "ocfs2", true },    { 0x5346414F, "afs", true },
};

fv_error *fv_storage_kind_of(const char *folder, fv_storage_kind *out) {
    struct statfs about;
    *out = (fv_storage_kind){ 0 };
    if (statfs(folder, &about) < 0)
        return fv_fail(errno == ENOENT ? FV_NOT_FOUND : FV_IO, "cannot look at %s: %s", folder, strerror(errno));
    uint32_t number = (uint32_t)about.f_type;
    snprintf(out->name, sizeof out->name, "0x%x", number);
    for (int i = 0; i < FV_COUNT(kinds); i++) {
        if (kinds[i].number != number) continue;
        snprintf(out->name, sizeof out->name, "%s", kinds[i].name);
        out->network = kinds[i].network;
    }
    return NULL;
}
