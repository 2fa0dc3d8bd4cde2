/* machine_speed.c - how fast it is: products of matrices, decoding, the disk. Each takes a fraction of a second. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "cli/machine_speed.h"
#include "core/base/clock.h"
#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/base/text.h"
#include "core/cpu/blas.h"
#include "data/image.h"
#include "plot/jpeg.h"

#define LEAST_SECONDS 0.3
#define SIDE 512 /* of the matrices */
#define HEIGHT 375
#define WIDTH 500
#define DISK_BYTES (INT64_C(64) << 20)
#define PIECE_BYTES (INT64_C(1) << 20)

/* Calls a second of `run` by one thread and by the team: as often as it takes, after one call that is not counted. */
static fv_speed speed_of(fv_unit run, void *context) {
    double rates[2];
    for (int team = 0; team < 2; team++) {
        int64_t calls = 0, units = team ? fv_parallel_threads() : 1;
        run(context, 0, 0);
        double started = fv_clock_seconds(), seconds;
        do {
            if (team)
                fv_parallel_for(units, run, context);
            else
                run(context, 0, 0);
            calls += units;
            seconds = fv_clock_seconds() - started;
        } while (seconds < LEAST_SECONDS);
        rates[team] = (double)calls / seconds;
    }
    return (fv_speed){ rates[0], rates[1] };
}

/* ---- products ---- */

static void multiply(void *context, int64_t unit, int thread) {
    float *a = (float *)context + (int64_t)thread * 3 * SIDE * SIDE, *b = a + SIDE * SIDE, *c = b + SIDE * SIDE;
    (void)unit;
    fv_blas_multiply(&(fv_blas_product){ SIDE, SIDE, SIDE, a, b, c, SIDE, SIDE, SIDE, false, false, false });
}

fv_error *fv_speed_of_products(fv_speed *gflops) {
    FV_OWNED(fv_memory) memory = NULL;
    int64_t count = (int64_t)fv_parallel_threads() * 3 * SIDE * SIDE;
    FV_TRY(fv_memory_alloc(count, sizeof(float), &memory));
    float *values = memory;
    for (int64_t i = 0; i < count; i++) values[i] = (float)(i % 7) - 3;
    fv_speed calls = speed_of(multiply, values);
    double each = 2e-9 * SIDE * SIDE * SIDE;
    *gflops = (fv_speed){ calls.one * each, calls.all * each };
    return NULL;
}

/* ---- decoding ---- */

typedef struct decoding {
    const fv_text *jpeg;
    fv_image images[FV_MAX_THREADS];
    fv_error *errors[FV_MAX_THREADS]; /* the first of each thread */
} decoding;

static void decode(void *context, int64_t unit, int thread) {
    decoding *d = context;
    (void)unit;
    fv_error *error = fv_image_decode(d->jpeg->at, d->jpeg->length, "a picture of waves", NULL, &d->images[thread]);
    if (d->errors[thread])
        fv_error_free(error);
    else
        d->errors[thread] = error;
}

/* A picture with as much detail as a photograph: waves of several lengths. */
static fv_error *make_jpeg(fv_text *out) {
    FV_OWNED(fv_memory) memory = NULL;
    FV_TRY(fv_memory_alloc(HEIGHT * WIDTH, 3, &memory));
    uint8_t *pixels = memory;
    for (int i = 0; i < HEIGHT * WIDTH * 3; i++) {
        double x = i / 3 % WIDTH, y = i / 3 / WIDTH, c = i % 3;
        pixels[i] = (uint8_t)(127 + 60 * sin(x / 17 + c) * cos(y / 23) + 40 * sin((x + 2 * y) / 3.1) + 20 * sin(x * y / 501));
    }
    return fv_picture_to_jpeg(&(fv_picture){ pixels, HEIGHT, WIDTH, 3 }, out);
}

fv_error *fv_speed_of_decoding(fv_speed *pictures) {
    FV_OWNED(fv_memory) memory = NULL;
    FV_TEXT(jpeg, 1 << 24);
    fv_error *error = NULL;
    FV_TRY(make_jpeg(&jpeg));
    FV_TRY(fv_memory_alloc(1, sizeof(decoding), &memory));
    decoding *d = memory;
    d->jpeg = &jpeg;
    *pictures = speed_of(decode, d);
    for (int i = 0; i < FV_MAX_THREADS; i++) {
        fv_image_release(&d->images[i]);
        if (error)
            fv_error_free(d->errors[i]);
        else
            error = d->errors[i];
    }
    return error;
}

/* ---- the disk ---- */

static fv_error *refused(const char *act, const char *folder) {
    return fv_fail(errno == EACCES || errno == EROFS ? FV_DENIED : FV_IO, "cannot %s a file in %s: %s", act, folder,
                   strerror(errno));
}

/* One of a name that nobody else has, taken away at once: whatever happens, nothing is left. */
static fv_error *open_nameless(const char *folder, int *file) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s/.fovea-doctor-XXXXXX", folder) >= (int)sizeof path)
        return fv_fail(FV_IO, "%s is too long a path", folder);
    *file = mkostemp(path, O_CLOEXEC);
    if (*file < 0) return refused("make", folder);
    unlink(path);
    return NULL;
}

/* Writes `bytes` in pieces, or reads them; the rate in MB a second, 0 when it failed. */
static double transfer(int file, char *piece, int64_t bytes, bool read_it) {
    double started = fv_clock_seconds();
    if (lseek(file, 0, SEEK_SET) < 0) return 0;
    for (int64_t done = 0; done < bytes; done += PIECE_BYTES) {
        ssize_t moved = read_it ? read(file, piece, PIECE_BYTES) : write(file, piece, PIECE_BYTES);
        if (moved != PIECE_BYTES) return 0;
    }
    if (!read_it && fsync(file) < 0) return 0;
    return 1e-6 * (double)bytes / fmax(fv_clock_seconds() - started, 1e-9);
}

static fv_error *measure(const char *folder, char *piece, fv_disk *out) {
    int64_t bytes = fv_min(DISK_BYTES, out->free / 4 / PIECE_BYTES * PIECE_BYTES);
    int file;
    if (bytes < PIECE_BYTES) return NULL; /* a full disk is measured by that */
    FV_TRY(open_nameless(folder, &file));
    for (int64_t i = 0; i < PIECE_BYTES; i++) piece[i] = (char)(i * 2654435761u >> 13);
    out->written = transfer(file, piece, bytes, false);
    fv_error *error = out->written > 0 ? NULL : refused("write", folder);
    bool dropped = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0; /* else memory is measured */
    if (!error && dropped) out->read = transfer(file, piece, bytes, true);
    close(file);
    return error;
}

fv_error *fv_disk_measure(const char *folder, fv_disk *out) {
    struct statfs about;
    FV_OWNED(fv_memory) piece = NULL;
    *out = (fv_disk){ 0 };
    if (statfs(folder, &about) < 0)
        return fv_fail(errno == ENOENT ? FV_NOT_FOUND : FV_IO, "cannot look at %s: %s", folder, strerror(errno));
    FV_TRY(fv_storage_kind_of(folder, &out->storage));
    out->free = (int64_t)about.f_bavail * (int64_t)about.f_bsize;
    FV_TRY(fv_memory_alloc(PIECE_BYTES, 1, &piece));
    return measure(folder, piece, out);
}
