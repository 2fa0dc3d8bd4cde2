/* group.c - see group.h. */
#include "registry/group.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"

#define AWAIT_SECONDS 2

fv_error *fv_group_owns(const char *path, bool *out) {
    struct stat about;
    const char *slash = strrchr(path, '/');
    FV_TEXT(folder, 1 << 16);
    fv_text_add_bytes(&folder, slash ? path : ".", slash && slash > path ? slash - path : 1);
    FV_TRY(fv_text_error(&folder));
    *out = stat(folder.at, &about) == 0 && (about.st_mode & S_ISGID) && (about.st_mode & S_IWGRP);
    return NULL;
}

fv_error *fv_group_share(const char *path) {
    struct stat about;
    bool owns;
    FV_TRY(fv_group_owns(path, &owns));
    if (!owns) return NULL;
    if (stat(path, &about) < 0) return fv_file_refused(errno, "share", path);
    mode_t wanted = about.st_mode | (S_ISDIR(about.st_mode) ? S_IRWXG | S_ISGID : S_IRGRP | S_IWGRP);
    if (wanted == about.st_mode || chmod(path, wanted & 07777) == 0 || errno == EPERM) return NULL;
    return fv_file_refused(errno, "share", path);
}

/* Its mode was changed, or it was made, within the last seconds. */
static bool is_new(const char *path) {
    struct stat about;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return stat(path, &about) == 0 && now.tv_sec - about.st_ctim.tv_sec <= AWAIT_SECONDS;
}

fv_error *fv_group_await(const char *path) {
    bool owns;
    for (int tries = 0; access(path, W_OK) < 0 && errno == EACCES && is_new(path); tries++) {
        if (!tries) FV_TRY(fv_group_owns(path, &owns));
        if (!owns) return NULL;
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    return NULL;
}

static fv_error *make_one(const char *path) {
    if (fv_file_kind_of(path) == FV_FILE_FOLDER) return fv_group_await(path);
    FV_TRY(fv_file_make_folder(path));
    return fv_group_share(path);
}

fv_error *fv_group_make_folder(const char *path) {
    if (fv_file_kind_of(path) == FV_FILE_FOLDER) return fv_group_await(path);
    FV_TEXT(part, 1 << 16);
    fv_text_add(&part, path);
    FV_TRY(fv_text_error(&part));
    for (char *slash = part.at + 1; part.length && (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        FV_TRY(make_one(part.at));
        *slash = '/';
    }
    return make_one(path);
}

fv_error *fv_group_lock(const char *path, int *lock) {
    *lock = -1;
    FV_TRY(fv_group_await(path));
    FV_TRY(fv_file_lock(path, lock));
    fv_error *error = fv_group_share(path);
    if (error) fv_file_unlock(*lock), *lock = -1;
    return error;
}
