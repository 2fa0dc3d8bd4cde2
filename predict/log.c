/* log.c - the writer of the prediction log. Records are put one behind another into one of two buffers; a thread of the log's
 * own writes the other one and syncs it, and then tells all who wait, so that one fsync acknowledges many (group commit).
 * Offsets count the bytes of all frames since the log was opened: `appended` are in a buffer or beyond, `durable` are on the
 * disk. When the disk refuses, the file is cut back to what is durable, the buffer is kept and tried again. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/base/size.h"
#include "data/threads.h"
#include "predict/log_record.h"

#define BUFFER_BYTES (INT64_C(512) * 1024)
#define FILE_BYTES_MIN (INT64_C(1) << 20)

struct fv_prediction_log {
    fv_arena *arena;
    const char *folder;
    int lock; /* of the folder */
    int64_t files, file_bytes;
    double sync_seconds;
    bool never_wait;
    /* the writing thread's own, but at open and close */
    int file;
    int64_t number, size; /* of the file, durable */
    fv_threads thread;
    /* under the mutex, from here on */
    pthread_mutex_t mutex;
    pthread_cond_t wake, done; /* for the thread; for who waits for it */
    uint8_t *filling, *writing;
    int64_t filled, appended, durable, dropped;
    int64_t failures;  /* times that the disk refused */
    char failure[600]; /* why it did last; empty: it does not */
    bool asked, closing;
};

/* ---- files ---- */

static fv_error *path_of(const fv_prediction_log *log, int64_t number, char path[4096]) {
    int length = snprintf(path, 4096, "%s/" FV_LOG_FILE_NAME, log->folder, (long long)number);
    return length < 4096 ? NULL : fv_fail(FV_USAGE, "the path of the log %s is too long", log->folder);
}

static fv_error *write_all(int file, const uint8_t *bytes, int64_t length, const char *path) {
    while (length) {
        ssize_t wrote = write(file, bytes, (size_t)length);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return fv_file_refused(errno, "write", path);
        bytes += wrote, length -= wrote;
    }
    return NULL;
}

static fv_error *sync_folder(const fv_prediction_log *log) {
    int folder = open(log->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return fv_file_refused(errno, "open", log->folder);
    int reason = fsync(folder) ? errno : 0;
    close(folder);
    return reason ? fv_file_refused(reason, "sync", log->folder) : NULL;
}

/* The oldest go, so that with the one that is begun there are at most `files`. */
static fv_error *remove_oldest(const fv_prediction_log *log) {
    FV_OWNED(fv_arena) arena = NULL;
    int64_t *numbers, count;
    char path[4096];
    FV_TRY(fv_arena_new("a log's files", INT64_C(1) << 24, &arena));
    FV_TRY(fv_log_list_files(log->folder, arena, &numbers, &count));
    for (int64_t i = 0; i < count - (log->files - 1); i++) {
        FV_TRY(path_of(log, numbers[i], path));
        if (unlink(path) < 0 && errno != ENOENT) return fv_file_refused(errno, "remove", path);
    }
    return NULL;
}

static fv_error *begin_file(fv_prediction_log *log, int64_t number) {
    char path[4096];
    FV_TRY(remove_oldest(log));
    FV_TRY(path_of(log, number, path));
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) return fv_file_refused(errno, "make", path);
    fv_error *error = write_all(file, (const uint8_t *)FV_LOG_HEAD, FV_LOG_HEAD_BYTES, path);
    if (!error && fdatasync(file) < 0) error = fv_file_refused(errno, "sync", path);
    if (!error) error = sync_folder(log);
    if (error) return close(file), error;
    if (log->file >= 0) close(log->file);
    log->file = file, log->number = number, log->size = FV_LOG_HEAD_BYTES;
    return NULL;
}

/* Where the last whole frame of a file ends; 0: it is not of this version, and another is begun. */
static fv_error *find_end(const char *path, int64_t *end) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length, skipped, payload;
    FV_TRY(fv_file_read(path, INT64_C(1) << 34, (uint8_t **)&bytes, &length));
    const uint8_t *at = bytes, *found;
    if (length < FV_LOG_HEAD_BYTES || memcmp(at, FV_LOG_HEAD, FV_LOG_HEAD_BYTES) != 0) return *end = 0, NULL;
    for (int64_t from = *end = FV_LOG_HEAD_BYTES; from < length; from = *end) {
        found = fv_log_find_frame(at + from, length - from, true, &skipped, &payload);
        if (!found) return NULL;
        *end = (found - at) + payload;
    }
    return NULL;
}

/* The last file, which a former process wrote, without what was torn. */
static fv_error *continue_file(fv_prediction_log *log, int64_t number) {
    char path[4096];
    int64_t end;
    FV_TRY(path_of(log, number, path));
    FV_TRY(find_end(path, &end));
    if (!end) return begin_file(log, number + 1);
    log->file = open(path, O_RDWR | O_CLOEXEC);
    if (log->file < 0) return fv_file_refused(errno, "open", path);
    if (ftruncate(log->file, (off_t)end) < 0 || lseek(log->file, (off_t)end, SEEK_SET) < 0 || fsync(log->file) < 0)
        return fv_file_refused(errno, "cut the end of", path);
    log->number = number, log->size = end;
    return NULL;
}

static fv_error *open_files(fv_prediction_log *log) {
    FV_OWNED(fv_arena) arena = NULL;
    int64_t *numbers, count;
    const char *lock;
    FV_TRY(fv_file_make_folder(log->folder));
    FV_TRY(fv_file_join(log->arena, log->folder, "writer.lock", &lock));
    FV_TRY(fv_error_hint(fv_file_lock(lock, &log->lock), "one process at a time writes to a prediction log"));
    FV_TRY(fv_arena_new("a log's files", INT64_C(1) << 24, &arena));
    FV_TRY(fv_log_list_files(log->folder, arena, &numbers, &count));
    return count ? continue_file(log, numbers[count - 1]) : begin_file(log, 1);
}

/* ---- the thread ---- */

static struct timespec in_seconds(double seconds) {
    struct timespec when;
    clock_gettime(CLOCK_MONOTONIC, &when);
    double whole = floor(seconds);
    when.tv_sec += (time_t)whole;
    when.tv_nsec += (long)((seconds - whole) * 1e9);
    if (when.tv_nsec >= 1000000000) when.tv_sec++, when.tv_nsec -= 1000000000;
    return when;
}

static fv_error *write_frames(fv_prediction_log *log, const uint8_t *bytes, int64_t length) {
    char path[4096];
    if (log->size > FV_LOG_HEAD_BYTES && log->size + length > log->file_bytes) FV_TRY(begin_file(log, log->number + 1));
    FV_TRY(path_of(log, log->number, path));
    fv_error *error = write_all(log->file, bytes, length, path);
    if (!error && fdatasync(log->file) < 0) error = fv_file_refused(errno, "sync", path);
    if (!error) return log->size += length, NULL;
    /* What was half written goes, so that the next attempt does not stand behind it. */
    if (ftruncate(log->file, (off_t)log->size) < 0 || lseek(log->file, (off_t)log->size, SEEK_SET) < 0)
        log->size = INT64_MAX / 2;
    return error;
}

/* Under the mutex, which it leaves meanwhile: what is in `writing`, until it is on the disk or, at the end, the disk refuses.
 */
static void write_buffer(fv_prediction_log *log, int64_t length, int64_t until) {
    for (;;) {
        pthread_mutex_unlock(&log->mutex);
        fv_error *error = write_frames(log, log->writing, length);
        pthread_mutex_lock(&log->mutex);
        if (!error) break;
        log->failures++;
        fv_error_format(error, log->failure, sizeof log->failure);
        fv_error_free(error);
        pthread_cond_broadcast(&log->done);
        if (log->closing) return;
        struct timespec again = in_seconds(log->sync_seconds);
        pthread_cond_timedwait(&log->wake, &log->mutex, &again);
    }
    log->failure[0] = 0;
    log->durable = until;
    pthread_cond_broadcast(&log->done);
}

static void *write_on(void *context) {
    fv_prediction_log *log = context;
    pthread_mutex_lock(&log->mutex);
    for (;;) {
        struct timespec latest = in_seconds(log->sync_seconds);
        int waited = 0;
        while (!log->closing && !log->asked && log->filled < BUFFER_BYTES / 2 && waited != ETIMEDOUT)
            waited = pthread_cond_timedwait(&log->wake, &log->mutex, &latest);
        if (!log->filled && log->closing) break;
        int64_t length = log->filled, until = log->appended;
        uint8_t *full = log->filling;
        log->asked = false;
        if (!length) continue;
        log->filling = log->writing, log->writing = full, log->filled = 0;
        pthread_cond_broadcast(&log->done); /* there is room again */
        write_buffer(log, length, until);
        if (log->failure[0] && log->closing) break;
    }
    pthread_mutex_unlock(&log->mutex);
    return NULL;
}

/* ---- opening and closing ---- */

static fv_error *set_options(fv_prediction_log *log, const char *folder, const fv_prediction_log_options *options) {
    const fv_prediction_log_options none = { 0 };
    if (!options) options = &none;
    int64_t bytes = options->bytes ? options->bytes : INT64_C(1) << 30;
    log->files = options->files ? options->files : 16;
    log->sync_seconds = options->sync_seconds > 0 ? options->sync_seconds : 1;
    log->never_wait = options->never_wait;
    if (log->files < 2 || bytes / log->files < FILE_BYTES_MIN)
        return fv_fail(FV_USAGE, "a prediction log has at least 2 files of at least %lld bytes, not %lld in %lld",
                       (long long)FILE_BYTES_MIN, (long long)bytes, (long long)log->files);
    log->file_bytes = bytes / log->files;
    return fv_arena_text(log->arena, folder, &log->folder);
}

static fv_error *init_waits(fv_prediction_log *log) {
    pthread_condattr_t clock;
    bool good = !pthread_condattr_init(&clock) && !pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) &&
                !pthread_mutex_init(&log->mutex, NULL) && !pthread_cond_init(&log->wake, &clock) &&
                !pthread_cond_init(&log->done, &clock);
    return good ? NULL : fv_fail(FV_MEMORY, "the prediction log's locks cannot be made");
}

fv_error *fv_prediction_log_open(const char *folder, const fv_prediction_log_options *options, fv_prediction_log **out) {
    FV_OWNED(fv_prediction_log) log = NULL;
    FV_TRY(fv_memory_new(1, &log));
    log->file = log->lock = -1;
    FV_TRY(init_waits(log));
    FV_TRY(fv_arena_new("a prediction log", INT64_C(1) << 24, &log->arena));
    FV_TRY(set_options(log, folder, options));
    FV_TRY(fv_arena_take(log->arena, BUFFER_BYTES, &log->filling));
    FV_TRY(fv_arena_take(log->arena, BUFFER_BYTES, &log->writing));
    FV_TRY(open_files(log));
    FV_TRY(fv_threads_start(&log->thread, 1, "fovea-log", write_on, log));
    *out = fv_take(&log);
    return NULL;
}

fv_error *fv_prediction_log_close(fv_prediction_log *log) {
    fv_error *error = NULL;
    if (!log) return NULL;
    pthread_mutex_lock(&log->mutex);
    log->closing = true;
    pthread_cond_signal(&log->wake);
    pthread_mutex_unlock(&log->mutex);
    fv_threads_join(&log->thread);
    if (log->durable < log->appended)
        error = fv_fail(FV_IO, "the last predictions are not in the log %s: %s", log->folder, log->failure);
    if (log->file >= 0) close(log->file);
    fv_file_unlock(log->lock);
    pthread_cond_destroy(&log->wake);
    pthread_cond_destroy(&log->done);
    pthread_mutex_destroy(&log->mutex);
    fv_arena_free(log->arena);
    fv_memory_free(log);
    return error;
}

void fv_prediction_log_free(fv_prediction_log *log) { fv_error_free(fv_prediction_log_close(log)); }

/* ---- adding ---- */

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Under the mutex: until there are so many bytes of room. */
static fv_error *wait_for_room(fv_prediction_log *log, int64_t length, bool never_wait) {
    int64_t failures = log->failures;
    while (log->filled + length > BUFFER_BYTES) {
        if (never_wait) {
            log->dropped++;
            return fv_fail(FV_BUSY, "the disk does not keep up with the prediction log %s", log->folder);
        }
        log->asked = true;
        pthread_cond_signal(&log->wake);
        pthread_cond_wait(&log->done, &log->mutex);
        if (log->failures > failures) return fv_fail(FV_IO, "the prediction log is full: %s", log->failure);
    }
    return NULL;
}

static fv_error *append(fv_prediction_log *log, const uint8_t *frame, int64_t length, bool never_wait, int64_t *ticket) {
    pthread_mutex_lock(&log->mutex);
    fv_error *error = wait_for_room(log, length, never_wait);
    if (!error) {
        bool was_low = log->filled < BUFFER_BYTES / 2;
        memcpy(log->filling + log->filled, frame, (size_t)length);
        log->filled += length;
        log->appended += length;
        if (ticket) *ticket = log->appended;
        if (was_low && log->filled >= BUFFER_BYTES / 2) pthread_cond_signal(&log->wake);
    }
    pthread_mutex_unlock(&log->mutex);
    return error;
}

fv_error *fv_prediction_log_add(fv_prediction_log *log, const fv_logged *record, int64_t *ticket) {
    uint8_t frame[FV_LOG_FRAME_MAX];
    char id[FV_LOG_ID_LETTERS];
    int64_t length;
    fv_logged whole = *record;
    if (!whole.id) fv_prediction_id(id), whole.id = id;
    if (!whole.time_us) whole.time_us = now_us();
    FV_TRY(fv_log_encode(&whole, frame, &length));
    return append(log, frame, length, log->never_wait, ticket);
}

fv_error *fv_prediction_log_feedback(fv_prediction_log *log, const fv_logged_truth *truth, int64_t *ticket) {
    uint8_t frame[FV_LOG_FRAME_MAX];
    int64_t length;
    fv_logged_truth whole = *truth;
    if (!whole.time_us) whole.time_us = now_us();
    FV_TRY(fv_log_encode_truth(&whole, frame, &length));
    return append(log, frame, length, false, ticket);
}

fv_error *fv_prediction_log_sync(fv_prediction_log *log, int64_t ticket) {
    fv_error *error = NULL;
    pthread_mutex_lock(&log->mutex);
    if (!ticket) ticket = log->appended;
    for (int64_t failures = log->failures; !error && log->durable < ticket;) {
        log->asked = true;
        pthread_cond_signal(&log->wake);
        pthread_cond_wait(&log->done, &log->mutex);
        if (log->durable < ticket && log->failures > failures)
            error = fv_fail(FV_IO, "predictions are not in the log yet: %s", log->failure);
    }
    pthread_mutex_unlock(&log->mutex);
    return error;
}

int64_t fv_prediction_log_dropped(fv_prediction_log *log) {
    pthread_mutex_lock(&log->mutex);
    int64_t dropped = log->dropped;
    pthread_mutex_unlock(&log->mutex);
    return dropped;
}

/* ---- what is put into records ---- */

void fv_prediction_id(char out[FV_LOG_ID_LETTERS]) {
    uint8_t chance[10];
    for (size_t had = 0; had < sizeof chance;) {
        ssize_t got = getrandom(chance + had, sizeof chance - had, 0);
        if (got > 0) had += (size_t)got;
    }
    int length = snprintf(out, FV_LOG_ID_LETTERS, "%012llx", (unsigned long long)(now_us() / 1000) & 0xffffffffffffULL);
    for (size_t i = 0; i < sizeof chance; i++)
        length += snprintf(out + length, FV_LOG_ID_LETTERS - (size_t)length, "%02x", chance[i]);
}

void fv_uncertainty(const double *p, int64_t classes, double *entropy, double *margin) {
    double first = 0, second = 0;
    *entropy = 0;
    for (int64_t c = 0; c < classes; c++) {
        if (p[c] > 0) *entropy -= p[c] * log(p[c]);
        if (p[c] > first)
            second = first, first = p[c];
        else if (p[c] > second)
            second = p[c];
    }
    *margin = first - second;
}

int64_t fv_sketch_features(const float *features, int64_t count, float out[FV_SKETCH]) {
    if (count <= FV_SKETCH) return memcpy(out, features, (size_t)count * sizeof *out), count;
    double sums[FV_SKETCH] = { 0 };
    fv_random signs = fv_random_at(0, fv_random_stream("features sketch"), 0, 0);
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = fv_random_u32(&signs); /* one for each of the 32 */
        for (int k = 0; k < FV_SKETCH; k++) sums[k] += bits >> k & 1 ? (double)features[i] : -(double)features[i];
    }
    for (int k = 0; k < FV_SKETCH; k++) out[k] = (float)(sums[k] / sqrt((double)count));
    return FV_SKETCH;
}
