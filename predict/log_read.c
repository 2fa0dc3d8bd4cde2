/* log_read.c - the prediction log read while it is written: file after file, a window at a time. A file that rotation takes
 * away meanwhile is passed over. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "predict/log_pictures.h"
#include "predict/log_record.h"

#define WINDOW_BYTES (INT64_C(8) * FV_LOG_FRAME_MAX)

struct fv_log_reader {
    fv_arena *arena;
    const char *folder;
    int64_t *numbers, count, next; /* files */
    int file;                      /* -1: none is open */
    bool ended;                    /* all of the file is in the window */
    uint8_t *window;
    int64_t begin, end; /* what is not read yet */
    int64_t torn;       /* bytes at the end of this file, which are none of a frame so far */
    fv_log_record record;
    char picture[4096]; /* the record's */
    fv_log_health health;
};

fv_error *fv_log_reader_open(const char *folder, fv_log_reader **out) {
    FV_OWNED(fv_log_reader) r = NULL;
    FV_TRY(fv_memory_new(1, &r));
    r->file = -1;
    FV_TRY(fv_arena_new("a prediction log that is read", INT64_C(1) << 26, &r->arena));
    FV_TRY(fv_arena_text(r->arena, folder, &r->folder));
    FV_TRY(fv_arena_take(r->arena, WINDOW_BYTES, &r->window));
    FV_TRY(fv_log_list_files(folder, r->arena, &r->numbers, &r->count));
    *out = fv_take(&r);
    return NULL;
}

void fv_log_reader_free(fv_log_reader *r) {
    if (!r) return;
    if (r->file >= 0) close(r->file);
    fv_arena_free(r->arena);
    fv_memory_free(r);
}

fv_log_health fv_log_reader_health(const fv_log_reader *r) { return r->health; }

/* More of the file behind what is left of the window. */
static fv_error *fill(fv_log_reader *r) {
    memmove(r->window, r->window + r->begin, (size_t)(r->end - r->begin));
    r->end -= r->begin, r->begin = 0;
    while (r->end < WINDOW_BYTES) {
        ssize_t got = read(r->file, r->window + r->end, (size_t)(WINDOW_BYTES - r->end));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fv_file_refused(errno, "read a file of the log", r->folder);
        if (!got) return r->ended = true, NULL;
        r->end += got;
    }
    return NULL;
}

/* The next file that is still there; false: there is none. */
static fv_error *open_next(fv_log_reader *r, bool *found) {
    char path[4096];
    for (*found = false; r->next < r->count && !*found;) {
        int length = snprintf(path, sizeof path, "%s/" FV_LOG_FILE_NAME, r->folder, (long long)r->numbers[r->next++]);
        if (length >= (int)sizeof path) return fv_fail(FV_USAGE, "the path of the log %s is too long", r->folder);
        r->file = open(path, O_RDONLY | O_CLOEXEC);
        if (r->file < 0 && errno != ENOENT) return fv_file_refused(errno, "read", path);
        *found = r->file >= 0;
    }
    if (!*found) return NULL;
    r->begin = r->end = r->torn = 0, r->ended = false;
    r->health.files++;
    FV_TRY(fill(r));
    if (r->end < FV_LOG_HEAD_BYTES) return NULL; /* just begun */
    if (memcmp(r->window, FV_LOG_HEAD, FV_LOG_HEAD_BYTES) != 0 && memcmp(r->window, FV_LOG_HEAD_1, FV_LOG_HEAD_BYTES) != 0)
        return fv_error_hint(fv_fail(FV_FORMAT, "%s is no file of a prediction log, or from a newer fovea", path),
                             "move it out of the folder");
    r->begin = FV_LOG_HEAD_BYTES;
    return NULL;
}

static void close_file(fv_log_reader *r) {
    r->health.torn += r->torn;
    close(r->file);
    r->file = -1;
}

/* The next record of the file that is open; false: there is none. */
static fv_error *next_record(fv_log_reader *r, bool *found) {
    for (*found = false; !*found;) {
        int64_t skipped, length;
        const uint8_t *payload = fv_log_find_frame(r->window + r->begin, r->end - r->begin, r->ended, &skipped, &length);
        r->torn += skipped;
        r->begin += skipped;
        if (!payload && r->ended) return r->torn += r->end - r->begin, NULL;
        if (!payload) {
            FV_TRY(fill(r));
            continue;
        }
        r->begin = payload - r->window + length;
        *found = fv_log_decode(payload, length, &r->record);
        r->health.damaged += r->torn + (*found ? 0 : FV_LOG_FRAME_HEAD + length);
        r->torn = 0;
    }
    return NULL;
}

/* A name under the log's folder becomes a path. */
static fv_error *place_picture(fv_log_reader *r) {
    fv_logged *p = &r->record.prediction;
    if (r->record.is_truth || !p->picture) return NULL;
    int length = snprintf(r->picture, sizeof r->picture, "%s/" FV_LOG_PICTURES "/%s", r->folder, p->picture);
    if (length >= (int)sizeof r->picture) return fv_fail(FV_USAGE, "the path of the log %s is too long", r->folder);
    p->picture = r->picture;
    return NULL;
}

const char *fv_logged_picture(const fv_logged *record) { return record->picture ? record->picture : record->source; }

fv_error *fv_log_reader_next(fv_log_reader *r, fv_log_entry *out) {
    *out = (fv_log_entry){ 0 };
    for (bool found;;) {
        if (r->file < 0) {
            FV_TRY(open_next(r, &found));
            if (!found) return NULL;
        }
        FV_TRY(next_record(r, &found));
        if (found) break;
        close_file(r);
    }
    FV_TRY(place_picture(r));
    if (r->record.is_truth)
        out->truth = &r->record.truth, r->health.truths++;
    else
        out->prediction = &r->record.prediction, r->health.predictions++;
    return NULL;
}
