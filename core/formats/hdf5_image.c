/* hdf5_image.c - HDF5's core driver over memory of ours: its file image callbacks take and give back the buffer, so that a file
 * is written without a second copy and read without a first one. */
#include "core/formats/hdf5_image.h"

#include <pthread.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

int fv_hdf5_lock(void) {
    static bool begun;
    pthread_mutex_lock(&mutex);
    if (!begun) H5dont_atexit(); /* what it tidies up then crashes where there is no memory, and would be given back anyway */
    begun = true;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return 1;
}

void fv_hdf5_begin(void) {
    FV_HDF5_LOCKED;
    H5open(); /* where it fails, so will what is asked of it */
}

void fv_hdf5_unlock(const int *locked) {
    (void)locked;
    pthread_mutex_unlock(&mutex);
}

void fv_hid_release(const hid_t *id) {
    if (*id > 0) H5Idec_ref(*id);
}

hid_t fv_hdf5_stored(fv_dtype dtype) {
    switch (dtype) {
    case FV_F32: return H5T_IEEE_F32LE;
    case FV_F64: return H5T_IEEE_F64LE;
    case FV_BF16:
    case FV_F16: return H5T_STD_U16LE;
    case FV_I8: return H5T_STD_I8LE;
    case FV_U8:
    case FV_BOOL: return H5T_STD_U8LE;
    case FV_I32: return H5T_STD_I32LE;
    case FV_I64: return H5T_STD_I64LE;
    case FV_DTYPES: break;
    }
    FV_ASSERT(!"a dtype");
    return -1;
}

hid_t fv_hdf5_native(fv_dtype dtype) {
    switch (dtype) {
    case FV_F32: return H5T_NATIVE_FLOAT;
    case FV_F64: return H5T_NATIVE_DOUBLE;
    case FV_BF16:
    case FV_F16: return H5T_NATIVE_UINT16;
    case FV_I8: return H5T_NATIVE_INT8;
    case FV_U8:
    case FV_BOOL: return H5T_NATIVE_UINT8;
    case FV_I32: return H5T_NATIVE_INT32;
    case FV_I64: return H5T_NATIVE_INT64;
    case FV_DTYPES: break;
    }
    FV_ASSERT(!"a dtype");
    return -1;
}

/* The callbacks for writing: the buffer stays in the fv_hdf5_image, also when the driver closes. */

static void *write_malloc(size_t bytes, H5FD_file_image_op_t op, void *context) {
    (void)op;
    fv_hdf5_image *image = context;
    FV_OWNED(fv_error) error = fv_memory_grow((void **)&image->bytes, image->capacity, (int64_t)bytes, 1);
    if (error) return NULL;
    image->capacity = (int64_t)bytes;
    return image->bytes;
}

static void *write_realloc(void *from, size_t bytes, H5FD_file_image_op_t op, void *context) {
    fv_hdf5_image *image = context;
    FV_ASSERT(from == image->bytes || !from);
    return (int64_t)bytes <= image->capacity ? image->bytes : write_malloc(bytes, op, context);
}

static herr_t write_free(void *memory, H5FD_file_image_op_t op, void *context) {
    (void)memory, (void)op, (void)context;
    return 0;
}

/* The callbacks for reading: what HDF5 takes for copies of the image is always the image itself. */

static void *read_malloc(size_t bytes, H5FD_file_image_op_t op, void *context) {
    (void)bytes, (void)op;
    return context;
}

static void *read_memcpy(void *to, const void *from, size_t bytes, H5FD_file_image_op_t op, void *context) {
    (void)from, (void)bytes, (void)op, (void)context;
    return to;
}

static void *read_realloc(void *from, size_t bytes, H5FD_file_image_op_t op, void *context) {
    (void)from, (void)bytes, (void)op, (void)context;
    return NULL; /* a file that is only read does not grow */
}

/* A property list copies its callbacks' context; ours is the caller's and stays. */
static void *same_context(void *context) { return context; }
static herr_t keep_context(void *context) {
    (void)context;
    return 0;
}

/* The core driver wants a name, and will not open an image when there is a file so named: below a file there is none. */
#define NO_FILE "/dev/null/fovea"

static fv_error *driver(hid_t *out, int64_t increment, H5FD_file_image_callbacks_t *callbacks) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    callbacks->udata_copy = same_context;
    callbacks->udata_free = keep_context;
    *out = access;
    if (access < 0 || H5Pset_fapl_core(access, (size_t)increment, 0) < 0 ||
        H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110) < 0 ||
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 || H5Pset_file_image_callbacks(access, callbacks) < 0)
        return fv_fail(FV_MEMORY, "HDF5 could not set up a file in memory");
    return NULL;
}

fv_error *fv_hdf5_create(fv_hdf5_image *image, int64_t expected, hid_t *file) {
    H5FD_file_image_callbacks_t callbacks = {
        .image_malloc = write_malloc, .image_realloc = write_realloc, .image_free = write_free, .udata = image
    };
    FV_HID(access, -1);
    FV_TRY(driver(&access, fv_max(expected, 4096), &callbacks));
    FV_HID(creation, H5Pcreate(H5P_FILE_CREATE));
    if (creation < 0 || H5Pset_obj_track_times(creation, 0) < 0)
        return fv_fail(FV_MEMORY, "HDF5 could not set up a file in memory");
    *file = H5Fcreate(NO_FILE, H5F_ACC_TRUNC, creation, access);
    if (*file < 0) return fv_fail(FV_MEMORY, "HDF5 could not make a file in memory");
    return NULL;
}

fv_error *fv_hdf5_finish(hid_t *file, int64_t *length) {
    if (H5Fflush(*file, H5F_SCOPE_GLOBAL) < 0) return fv_fail(FV_MEMORY, "HDF5 could not finish a file in memory");
    *length = (int64_t)H5Fget_file_image(*file, NULL, 0);
    hid_t closing = *file;
    *file = -1;
    if (*length <= 0 || H5Fclose(closing) < 0) return fv_fail(FV_MEMORY, "HDF5 could not finish a file in memory");
    return NULL;
}

fv_error *fv_hdf5_open(const uint8_t *bytes, int64_t length, hid_t *file) {
    void *image = (void *)(uintptr_t)bytes; /* read_memcpy writes nothing to it */
    H5FD_file_image_callbacks_t callbacks = { .image_malloc = read_malloc,
                                              .image_memcpy = read_memcpy,
                                              .image_realloc = read_realloc,
                                              .image_free = write_free,
                                              .udata = image };
    FV_HID(access, -1);
    FV_TRY(driver(&access, 4096, &callbacks));
    if (H5Pset_file_image(access, image, (size_t)length) < 0)
        return fv_fail(FV_MEMORY, "HDF5 could not set up a file in memory");
    *file = H5Fopen(NO_FILE, H5F_ACC_RDONLY, access);
    return *file < 0 ? fv_fail(FV_FORMAT, "its HDF5 structure is damaged") : NULL;
}
