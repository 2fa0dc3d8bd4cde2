/* format.h - what a format of other people's weights is: one file core/formats/FORMAT.c with its descriptor, and what is read
 * from such a file: named tensors, as views of its bytes.
 *
 * Reading is inert: nothing that a file says is called, opened or followed. A file of n bytes takes at most 4n + 16 MiB to
 * read, itself included; what is compressed in it takes its declared size on top, which is checked, and all of it together is
 * at most max_expand times the file. Any thread; a file that was read is const. */
#ifndef FV_FORMATS_FORMAT_H
#define FV_FORMATS_FORMAT_H

#include "core/base/part.h"
#include "core/formats/snapshot.h"
#include "fovea/tensor.h"

#define FV_FOREIGN_BYTES_MAX (INT64_C(1) << 38)
#define FV_FOREIGN_SLACK (INT64_C(16) << 20) /* what reading takes beyond 4n */

/* How an element lies in the file. */
typedef enum fv_element {
    FV_ELEMENT_F64,
    FV_ELEMENT_F32,
    FV_ELEMENT_F16,
    FV_ELEMENT_BF16,
    FV_ELEMENT_F8_E4M3, /* "fn": no infinities, NaN is all ones */
    FV_ELEMENT_F8_E5M2,
    FV_ELEMENT_I64,
    FV_ELEMENT_I32,
    FV_ELEMENT_I16,
    FV_ELEMENT_I8,
    FV_ELEMENT_U64,
    FV_ELEMENT_U32,
    FV_ELEMENT_U16,
    FV_ELEMENT_U8,
    FV_ELEMENT_BOOL,
    FV_ELEMENTS
} fv_element;
int64_t fv_element_size(fv_element element);
const char *fv_element_name(fv_element element); /* "f32" */
/* The narrowest dtype that holds every value of it; of u64 those below 2^63. */
fv_dtype fv_element_dtype(fv_element element);
/* The element that a dtype of ours is written as. */
fv_element fv_element_of(fv_dtype dtype);

/* Invariant: every element that dims and strides reach lies inside the file (or what was unpacked of it). */
typedef struct fv_foreign_tensor {
    const char *name;
    fv_element element;
    bool big_endian;
    int rank;
    int64_t dims[FV_RANK_MAX], strides[FV_RANK_MAX]; /* strides in elements, none negative */
    const uint8_t *data;                             /* of the first element; of no alignment */
} fv_foreign_tensor;
int64_t fv_foreign_count(const fv_foreign_tensor *tensor);

/* Its elements, in the dtype of `to` (contiguous, of as many elements), in row order of the axes axes[0], axes[1], …; NULL: as
 * they are. A dtype that fits keeps every bit; else values are converted as fv_tensor_store does. */
void fv_foreign_copy(const fv_foreign_tensor *from, const int *axes, fv_tensor *to);

typedef struct fv_foreign_options {
    int64_t max_expand; /* 0: 64 */
    bool averaged;      /* of a checkpoint that holds both: the averaged weights (EMA), not the plain ones */
    const char *entry;  /* of a checkpoint: the entry that holds the weights; NULL: found by the names that people use */
} fv_foreign_options;

typedef struct fv_format fv_format;

/* A file that was read. */
typedef struct fv_foreign_file {
    const fv_format *format;
    fv_arena *arena;            /* names and lists */
    fv_arena *unpacked;         /* what was compressed */
    fv_foreign_tensor *tensors; /* in the file's order */
    int64_t count, capacity;
    const fv_foreign_tensor **by_name; /* sorted */
    const char *taken;                 /* the entry that holds the weights: "state_dict"; NULL: all of the file */
    const char *stripped;              /* the prefix taken off every name: "module."; NULL: none */
    const char *licence;               /* as the file says; NULL: it does not */
    fv_text notes;                     /* what was passed over, and why; sentences with "; " between */
    fv_snapshot *parts;                /* the file, or the files that it names */
    int64_t part_count;
} fv_foreign_file;

/* Reads the file at `path` in whatever format it is, told by its content. `options` may be NULL. FV_NOT_FOUND, FV_DENIED,
 * FV_IO; FV_FORMAT: damaged, or made to do harm; FV_DENIED too: it would call something when Python reads it; FV_UNSUPPORTED: a
 * format or dtype that is not read, by name; FV_MEMORY: over a bound. */
FV_MUST_USE fv_error *fv_foreign_read(const char *path, const fv_foreign_options *options, fv_foreign_file **out);
/* The same of bytes in memory, in a given format (NULL: told by content); they must outlive the file. For tests. */
FV_MUST_USE fv_error *fv_foreign_parse(const fv_format *format, const uint8_t *bytes, int64_t length, const char *where,
                                       const fv_foreign_options *options, fv_foreign_file **out);
void fv_foreign_file_free(fv_foreign_file *file);
FV_CLEANUP(fv_foreign_file);
const fv_foreign_tensor *fv_foreign_find(const fv_foreign_file *file, const char *name); /* NULL when there is none */

/* ---- for formats ---- */

typedef struct fv_format_call {
    const uint8_t *bytes;
    int64_t length;
    const char *where;           /* the path */
    const fv_snapshot *snapshot; /* of the bytes; NULL: they are the caller's */
    const fv_foreign_options *options;
    fv_foreign_file *file; /* to fill */
} fv_format_call;

struct fv_format {
    FV_PART;
    bool (*sniff)(const uint8_t *bytes, int64_t length); /* may look at all of them, and believes none */
    fv_error *(*read)(fv_format_call *call);             /* errors without the file's name */
    /* Writes tensors as such a file: NULL where none is written. FV_UNSUPPORTED: it has no such elements. */
    fv_error *(*write)(const fv_foreign_tensor *tensors, int64_t count, const char *licence, const char *path);
    bool no_bf16; /* what is written has no bf16: f32 holds every value */
};
extern const fv_format *const fv_format_table[]; /* generated, sorted by name */
extern const int fv_format_table_count;

/* Adds a tensor (copied; its name must live in file->arena or the file's bytes) whose elements lie in `bytes` bytes at
 * `storage`: FV_FORMAT naming it unless they do. `offset` in elements. */
FV_MUST_USE fv_error *fv_foreign_add(fv_foreign_file *file, const fv_foreign_tensor *tensor, const uint8_t *storage,
                                     int64_t bytes, int64_t offset);
void fv_foreign_note(fv_foreign_file *file, const char *format, ...) FV_PRINTF(2, 3);
/* Contiguous strides of its dims. */
void fv_foreign_row_order(fv_foreign_tensor *tensor);
/* Room for `bytes` that `what`, a part of the file, declares to be unpacked: FV_MEMORY when all of them are over max_expand. */
FV_MUST_USE fv_error *fv_format_unpacked(fv_format_call *call, const char *what, int64_t bytes, uint8_t **out);
/* Another file of the same folder, by a plain name, kept with this one. */
/* Memory that tensors lie in is kept as long as the file; `*part` is taken over. */
FV_MUST_USE fv_error *fv_format_keep(fv_foreign_file *file, fv_snapshot *part);
FV_MUST_USE fv_error *fv_format_open_part(fv_format_call *call, const char *name, const fv_snapshot **out);

#endif
