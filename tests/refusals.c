/* refusals.c - the test program's functions of these names stand before the libraries' and pass on what is not to fail. */
#include "tests/refusals.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static _Thread_local struct {
    fv_calls which;
    int64_t left; /* until the one that fails; 0: none does */
    int reason;
    bool all, failed;
} plan;

void fv_calls_fail(fv_calls which, int64_t number, int reason) {
    plan.which = which, plan.left = number, plan.reason = reason;
    plan.all = plan.failed = false;
}

void fv_calls_fail_all(fv_calls which, int reason) {
    fv_calls_fail(which, 1, reason);
    plan.all = true;
}

int fv_calls_failed(void) { return plan.failed; }

void fv_test_one_of(fv_error *error, unsigned codes, const char *expression, const char *file, int line) {
    char text[2048];
    fv_code code = fv_error_code(error);
    fv_error_format(error, text, sizeof text);
    fv_error_free(error);
    if (codes & 1u << code) return;
    print_error("%s gave %s, which it should not: %s\n", expression, fv_code_name(code), text);
    _fail(file, line);
}

#ifndef FV_TEST_SANITIZED

static bool fails(fv_calls which) {
    if (!plan.left || plan.which != which) return false;
    if (--plan.left && !plan.all) return false;
    plan.left = plan.all;
    plan.failed = true;
    errno = plan.reason;
    return true;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define STANDS_BEFORE(which, type, name, failure, parameters, arguments)                                                       \
    type name parameters { return fails(which) ? (failure) : NEXT(name) arguments; }
#define HDF5(type, name, parameters, arguments) STANDS_BEFORE(FV_CALLS_HDF5, type, name, (type)-1, parameters, arguments)
/* Those that return errno itself. */
#define SPAWN(name, parameters, arguments) STANDS_BEFORE(FV_CALLS_SYSTEM, int, name, plan.reason, parameters, arguments)

#pragma GCC visibility push(default)

herr_t H5Fclose(hid_t file) {
    herr_t code = NEXT(H5Fclose)(file);
    return fails(FV_CALLS_HDF5) ? -1 : code;
}

int fcntl(int file, int command, ...) {
    va_list more;
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    return fails(FV_CALLS_SYSTEM) ? -1 : NEXT(fcntl)(file, command, argument);
}

HDF5(hid_t, H5Acreate2, (hid_t at, const char *name, hid_t type, hid_t space, hid_t creation, hid_t access),
     (at, name, type, space, creation, access))
HDF5(hid_t, H5Aget_space, (hid_t attribute), (attribute))
HDF5(hid_t, H5Aget_type, (hid_t attribute), (attribute))
HDF5(hid_t, H5Aopen, (hid_t at, const char *name, hid_t access), (at, name, access))
HDF5(herr_t, H5Aread, (hid_t attribute, hid_t type, void *to), (attribute, type, to))
HDF5(herr_t, H5Awrite, (hid_t attribute, hid_t type, const void *from), (attribute, type, from))
HDF5(hid_t, H5Dcreate2, (hid_t at, const char *name, hid_t type, hid_t space, hid_t links, hid_t creation, hid_t access),
     (at, name, type, space, links, creation, access))
HDF5(hid_t, H5Dget_create_plist, (hid_t set), (set))
HDF5(haddr_t, H5Dget_offset, (hid_t set), (set))
HDF5(hid_t, H5Dget_space, (hid_t set), (set))
STANDS_BEFORE(FV_CALLS_HDF5, hsize_t, H5Dget_storage_size, 0, (hid_t set), (set))
HDF5(hid_t, H5Dget_type, (hid_t set), (set))
HDF5(hid_t, H5Dopen2, (hid_t at, const char *name, hid_t access), (at, name, access))
HDF5(herr_t, H5Dwrite, (hid_t set, hid_t type, hid_t memory, hid_t file, hid_t transfer, const void *from),
     (set, type, memory, file, transfer, from))
HDF5(hid_t, H5Fcreate, (const char *name, unsigned flags, hid_t creation, hid_t access), (name, flags, creation, access))
HDF5(herr_t, H5Fflush, (hid_t file, H5F_scope_t scope), (file, scope))
HDF5(ssize_t, H5Fget_file_image, (hid_t file, void *to, size_t length), (file, to, length))
HDF5(hid_t, H5Fopen, (const char *name, unsigned flags, hid_t access), (name, flags, access))
HDF5(hid_t, H5Gcreate2, (hid_t at, const char *name, hid_t links, hid_t creation, hid_t access),
     (at, name, links, creation, access))
HDF5(herr_t, H5Gget_info, (hid_t group, H5G_info_t *about), (group, about))
HDF5(hid_t, H5Gopen2, (hid_t at, const char *name, hid_t access), (at, name, access))
HDF5(htri_t, H5Lexists, (hid_t at, const char *name, hid_t access), (at, name, access))
HDF5(herr_t, H5Lget_info, (hid_t at, const char *name, H5L_info_t *about, hid_t access), (at, name, about, access))
HDF5(ssize_t, H5Lget_name_by_idx,
     (hid_t at, const char *group, H5_index_t by, H5_iter_order_t order, hsize_t n, char *name, size_t size, hid_t access),
     (at, group, by, order, n, name, size, access))
HDF5(hid_t, H5Pcreate, (hid_t class), (class))
HDF5(int, H5Pget_external_count, (hid_t list), (list))
HDF5(H5D_layout_t, H5Pget_layout, (hid_t list), (list))
HDF5(int, H5Pget_nfilters, (hid_t list), (list))
HDF5(herr_t, H5Pset_alloc_time, (hid_t list, H5D_alloc_time_t time), (list, time))
HDF5(herr_t, H5Pset_fapl_core, (hid_t list, size_t increment, hbool_t backed), (list, increment, backed))
HDF5(herr_t, H5Pset_fclose_degree, (hid_t list, H5F_close_degree_t degree), (list, degree))
HDF5(herr_t, H5Pset_file_image, (hid_t list, void *bytes, size_t length), (list, bytes, length))
HDF5(herr_t, H5Pset_file_image_callbacks, (hid_t list, H5FD_file_image_callbacks_t *calls), (list, calls))
HDF5(herr_t, H5Pset_fill_time, (hid_t list, H5D_fill_time_t time), (list, time))
HDF5(herr_t, H5Pset_layout, (hid_t list, H5D_layout_t layout), (list, layout))
HDF5(herr_t, H5Pset_libver_bounds, (hid_t list, H5F_libver_t low, H5F_libver_t high), (list, low, high))
HDF5(herr_t, H5Pset_obj_track_times, (hid_t list, hbool_t times), (list, times))
HDF5(hid_t, H5Screate, (H5S_class_t class), (class))
HDF5(hid_t, H5Screate_simple, (int rank, const hsize_t dims[], const hsize_t most[]), (rank, dims, most))
HDF5(int, H5Sget_simple_extent_dims, (hid_t space, hsize_t dims[], hsize_t most[]), (space, dims, most))
HDF5(int, H5Sget_simple_extent_ndims, (hid_t space), (space))
HDF5(H5S_class_t, H5Sget_simple_extent_type, (hid_t space), (space))
HDF5(hid_t, H5Tcopy, (hid_t type), (type))
HDF5(htri_t, H5Tequal, (hid_t a, hid_t b), (a, b))
HDF5(H5T_class_t, H5Tget_class, (hid_t type), (type))
STANDS_BEFORE(FV_CALLS_HDF5, size_t, H5Tget_size, 0, (hid_t type), (type))
HDF5(htri_t, H5Tis_variable_str, (hid_t type), (type))
HDF5(herr_t, H5Tset_cset, (hid_t type, H5T_cset_t set), (type, set))
HDF5(herr_t, H5Tset_size, (hid_t type, size_t size), (type, size))
HDF5(herr_t, H5Tset_strpad, (hid_t type, H5T_str_t pad), (type, pad))

STANDS_BEFORE(FV_CALLS_SYSTEM, int, memfd_create, -1, (const char *name, unsigned flags), (name, flags))
STANDS_BEFORE(FV_CALLS_SYSTEM, int, ftruncate, -1, (int file, off_t length), (file, length))
STANDS_BEFORE(FV_CALLS_SYSTEM, int, pipe2, -1, (int ends[2], int flags), (ends, flags))

SPAWN(posix_spawn_file_actions_init, (posix_spawn_file_actions_t * actions), (actions))
SPAWN(posix_spawn_file_actions_addopen,
      (posix_spawn_file_actions_t *restrict actions, int file, const char *restrict path, int flags, mode_t mode),
      (actions, file, path, flags, mode))
SPAWN(posix_spawn_file_actions_adddup2, (posix_spawn_file_actions_t * actions, int from, int to), (actions, from, to))
SPAWN(posix_spawnattr_init, (posix_spawnattr_t * how), (how))
SPAWN(posix_spawnattr_setflags, (posix_spawnattr_t * how, short flags), (how, flags))
SPAWN(posix_spawnattr_setsigdefault, (posix_spawnattr_t *restrict how, const sigset_t *restrict set), (how, set))
SPAWN(posix_spawnattr_setsigmask, (posix_spawnattr_t *restrict how, const sigset_t *restrict set), (how, set))
SPAWN(posix_spawnattr_setpgroup, (posix_spawnattr_t * how, pid_t group), (how, group))
SPAWN(posix_spawn,
      (pid_t *restrict process, const char *restrict path, const posix_spawn_file_actions_t *restrict actions,
       const posix_spawnattr_t *restrict how, char *const arguments[], char *const environment[]),
      (process, path, actions, how, arguments, environment))

STANDS_BEFORE(FV_CALLS_WAIT, ssize_t, read, -1, (int file, void *to, size_t length), (file, to, length))
STANDS_BEFORE(FV_CALLS_WAIT, ssize_t, write, -1, (int file, const void *from, size_t length), (file, from, length))
STANDS_BEFORE(FV_CALLS_WAIT, int, poll, -1, (struct pollfd * files, nfds_t count, int milliseconds),
              (files, count, milliseconds))
STANDS_BEFORE(FV_CALLS_WAIT, pid_t, waitpid, -1, (pid_t process, int *status, int options), (process, status, options))

STANDS_BEFORE(FV_CALLS_SEEK, ssize_t, readlink, -1, (const char *restrict path, char *restrict to, size_t length),
              (path, to, length))
STANDS_BEFORE(FV_CALLS_SEEK, int, access, -1, (const char *path, int mode), (path, mode))
STANDS_BEFORE(FV_CALLS_LOCK, int, flock, -1, (int file, int how), (file, how))
STANDS_BEFORE(FV_CALLS_SEEK, int, dladdr, 0, (const void *at, Dl_info *about), (at, about))

#pragma GCC visibility pop

#endif
