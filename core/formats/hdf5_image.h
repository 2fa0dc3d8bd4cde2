/* hdf5_image.h - an HDF5 file that lives in memory only: written into a buffer of ours, read out of somebody's.
 *
 * Bytes depend on content alone: lower version bound "earliest" (superblock 0 has no consistency flags), no object times,
 * contiguous data sets, fixed-length strings, no filters, no file space tracking. Reading follows no link out of the image and
 * takes only such data sets; every size is held against the image's before memory is taken for it.
 *
 * Not every HDF5 build is safe for threads: who uses this holds fv_hdf5_lock from the first call to the last. */
#ifndef FV_FORMATS_HDF5_IMAGE_H
#define FV_FORMATS_HDF5_IMAGE_H

#include <hdf5.h>
#include <stdbool.h>

#include "core/base/arena.h"
#include "fovea/tensor.h"

/* How the elements of a dtype lie in the file (little-endian) and in memory. */
hid_t fv_hdf5_stored(fv_dtype dtype);
hid_t fv_hdf5_native(fv_dtype dtype);

void fv_hdf5_begin(void); /* what the first use would begin with, beforehand */

/* FV_HDF5_LOCKED; in a function's declarations: takes the lock until it returns. Also keeps HDF5 from printing its errors. */
int fv_hdf5_lock(void);
void fv_hdf5_unlock(const int *locked);
#define FV_HDF5_LOCKED __attribute__((cleanup(fv_hdf5_unlock), unused)) int fv_hdf5_locked_ = fv_hdf5_lock()

/* FV_HID(group, H5Gopen2(…)); any HDF5 identifier, given back when the scope ends. */
void fv_hid_release(const hid_t *id);
#define FV_HID(name, ...) __attribute__((cleanup(fv_hid_release))) hid_t name = (__VA_ARGS__)

/* A growing buffer that HDF5 writes to; afterwards it is the caller's (fv_memory_free). */
typedef struct fv_hdf5_image {
    uint8_t *bytes;
    int64_t capacity;
} fv_hdf5_image;

/* An empty file in `image` (zeroed by the caller; must not move until finished). `expected`: the bytes it will likely hold, so
 * that they are taken once. Release `*file` after fv_hdf5_finish, which closes what it holds and says how long the image is. */
FV_MUST_USE fv_error *fv_hdf5_create(fv_hdf5_image *image, int64_t expected, hid_t *file);
FV_MUST_USE fv_error *fv_hdf5_finish(hid_t *file, int64_t *length);

FV_MUST_USE fv_error *fv_hdf5_add_group(hid_t parent, const char *name, hid_t *out);
/* A text or an integer as a data set (or attribute) of its own. An empty text is one NUL. */
FV_MUST_USE fv_error *fv_hdf5_add_text(hid_t group, const char *name, const char *text,
                                       hid_t *data_set); /* data_set may be NULL */
FV_MUST_USE fv_error *fv_hdf5_add_text_attribute(hid_t object, const char *name, const char *text);
FV_MUST_USE fv_error *fv_hdf5_add_int_attribute(hid_t object, const char *name, int value);
/* A contiguous tensor; attribute dtype = fv_dtype_name. bf16 and f16 are kept as 16 bits, bool as 8. */
FV_MUST_USE fv_error *fv_hdf5_add_tensor(hid_t group, const char *name, const fv_tensor *tensor);

/* Opens `bytes` for reading, without a copy: they must stay until the file is released. */
FV_MUST_USE fv_error *fv_hdf5_open(const uint8_t *bytes, int64_t length, hid_t *file);

/* The same where the bytes are elsewhere: they are asked for block by block as HDF5 looks at them, and kept. `ask` is given
 * whole blocks, the last may be shorter; false: they do not come. The source stays until the file is released. */
#define FV_HDF5_BLOCK ((int64_t)32 << 10)
typedef struct fv_hdf5_source {
    int64_t length;
    bool (*ask)(void *context, int64_t offset, int64_t count, uint8_t *to);
    void *context;
} fv_hdf5_source;
FV_MUST_USE fv_error *fv_hdf5_open_asked(const fv_hdf5_source *source, hid_t *file);

FV_MUST_USE fv_error *fv_hdf5_open_group(hid_t parent, const char *name, hid_t *out, int64_t *links);
/* The name of link number `index` of a group, in order of names; only a hard link is one. */
FV_MUST_USE fv_error *fv_hdf5_link_name(hid_t group, int64_t index, fv_arena *arena, const char **out);
/* Where a text or a tensor lies in an image of `length` bytes; `version` (may be NULL) is the text's attribute. The bytes are
 * the content, little-endian: nothing is packed or encoded. A tensor of no elements lies at 0. */
FV_MUST_USE fv_error *fv_hdf5_find_text(hid_t group, const char *name, int64_t length, int64_t *offset, int64_t *bytes,
                                        int *version);
FV_MUST_USE fv_error *fv_hdf5_find_tensor(hid_t group, const char *name, int64_t length, fv_type *type, int64_t *offset);
/* A text attribute at most `cap` bytes long. */
FV_MUST_USE fv_error *fv_hdf5_read_text_attribute(hid_t object, const char *name, int64_t cap, fv_arena *arena,
                                                  const char **out);
FV_MUST_USE fv_error *fv_hdf5_read_int_attribute(hid_t object, const char *name, int *out);

#endif
