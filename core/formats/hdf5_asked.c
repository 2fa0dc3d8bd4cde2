/* hdf5_asked.c - HDF5's driver of a file whose bytes are asked for as they are needed (hdf5_image.h). What was asked for is
 * kept, in blocks: HDF5 looks at the same headers several times. */
#include <string.h>
#include <sys/mman.h>

#include "core/base/size.h"
#include "core/formats/hdf5_image.h"

#define MOST ((haddr_t)INT64_MAX)

typedef struct asked_file {
    H5FD_t of_hdf5; /* first: HDF5 fills it */
    const fv_hdf5_source *source;
    uint8_t *kept; /* as many addresses as the file has bytes; pages come as they are written to */
    bool *have;    /* by block */
    haddr_t end;   /* of what HDF5 has given addresses to */
} asked_file;

static int64_t blocks(const fv_hdf5_source *source) { return fv_ceil_div(source->length, FV_HDF5_BLOCK); }

static herr_t close_file(H5FD_t *file) {
    asked_file *f = (asked_file *)file;
    if (f->kept) munmap(f->kept, (size_t)f->source->length);
    fv_memory_free(f->have);
    fv_memory_free(f);
    return 0;
}

static fv_error *make(const fv_hdf5_source *source, asked_file **out) {
    FV_TRY(fv_memory_new(1, out));
    (*out)->source = source;
    FV_TRY(fv_memory_new(blocks(source), &(*out)->have));
    void *kept = mmap(NULL, (size_t)source->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (kept == MAP_FAILED) return fv_error_memory();
    (*out)->kept = kept;
    return NULL;
}

static H5FD_t *open_file(const char *name, unsigned flags, hid_t access, haddr_t most) {
    (void)name, (void)flags, (void)most;
    const fv_hdf5_source *const *source = H5Pget_driver_info(access);
    asked_file *made = NULL;
    if (!source) return NULL;
    FV_OWNED(fv_error) error = make(*source, &made);
    if (!error) return (H5FD_t *)made;
    if (made) close_file((H5FD_t *)made);
    return NULL;
}

static herr_t query(const H5FD_t *file, unsigned long *flags) {
    (void)file;
    *flags = 0;
    return 0;
}

static haddr_t get_end(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return ((const asked_file *)file)->end;
}

static herr_t set_end(H5FD_t *file, H5FD_mem_t type, haddr_t end) {
    (void)type;
    ((asked_file *)file)->end = end;
    return 0;
}

static haddr_t get_length(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return (haddr_t)((const asked_file *)file)->source->length;
}

static bool fetch(asked_file *f, int64_t block) {
    const fv_hdf5_source *s = f->source;
    int64_t begin = block * FV_HDF5_BLOCK;
    if (!f->have[block]) f->have[block] = s->ask(s->context, begin, fv_min(FV_HDF5_BLOCK, s->length - begin), f->kept + begin);
    return f->have[block];
}

static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t how, haddr_t at, size_t count, void *to) {
    (void)type, (void)how;
    asked_file *f = (asked_file *)file;
    haddr_t length = (haddr_t)f->source->length;
    if (at > length || count > length - at) return -1;
    for (int64_t done = 0; done < (int64_t)count;) {
        int64_t from = (int64_t)at + done, block = from / FV_HDF5_BLOCK;
        int64_t some = fv_min((int64_t)count - done, (block + 1) * FV_HDF5_BLOCK - from);
        if (!fetch(f, block)) return -1;
        memcpy((uint8_t *)to + done, f->kept + from, (size_t)some);
        done += some;
    }
    return 0;
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t how, haddr_t at, size_t count, const void *from) {
    (void)file, (void)type, (void)how, (void)at, (void)count, (void)from;
    return -1;
}

static const H5FD_class_t asked_driver = {
#ifdef H5FD_CLASS_VERSION
    .version = H5FD_CLASS_VERSION, /* from HDF5 1.14 on */
    .value = 511,                  /* of those left to programs */
#endif
    .name = "fovea_asked",
    .maxaddr = MOST,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(const fv_hdf5_source *),
    .open = open_file,
    .close = close_file,
    .query = query,
    .get_eoa = get_end,
    .set_eoa = set_end,
    .get_eof = get_length,
    .read = read_bytes,
    .write = write_bytes,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

fv_error *fv_hdf5_open_asked(const fv_hdf5_source *source, hid_t *file) {
    if (source->length < 1) return fv_fail(FV_FORMAT, "its HDF5 structure is damaged");
    hid_t driver = H5FDregister(&asked_driver);
    FV_HID(access, H5Pcreate(H5P_FILE_ACCESS));
    if (driver < 0 || access < 0 || H5Pset_driver(access, driver, &source) < 0 ||
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0)
        return fv_fail(FV_MEMORY, "HDF5 could not set up a file that is asked for");
    *file = H5Fopen("fovea", H5F_ACC_RDONLY, access);
    H5FDunregister(driver); /* the file keeps it */
    return *file < 0 ? fv_fail(FV_FORMAT, "its HDF5 structure is damaged") : NULL;
}
