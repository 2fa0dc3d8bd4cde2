/* unlocked.c - whether a file that is not locked was left alone.
 *
 * Commits go into fovea.db-wal; fovea.db changes when that is copied into it, which the file's times show. They are looked at
 * before the log is looked for: what was copied until then shows, or the log is still there. SQLite's counter of changes is not
 * read: closing the file would give up the locks that this process has on it by another handle. */
#include "registry/unlocked.h"

#include <time.h>
#include <unistd.h>

#include "core/base/text.h"
#include "registry/clock.h"

/* The clock of a file's times ticks every few milliseconds, and once in two seconds where it has no fractions. */
#define TICK_MS 20
#define COARSE_TICK_MS 2000

/* False of a file that is not there. */
static fv_error *look_at(const char *folder, const char *name, struct stat *out, bool *there) {
    FV_TEXT(path, 1 << 16);
    fv_text_addf(&path, "%s/%s", folder, name);
    FV_TRY(fv_text_error(&path));
    *there = stat(path.at, out) == 0;
    return NULL;
}

static fv_error *look(const char *folder, fv_unlocked *out) {
    struct stat beside;
    bool there, log, journal;
    *out = (fv_unlocked){ 0 };
    FV_TRY(look_at(folder, "fovea.db", &out->file, &there));
    FV_TRY(look_at(folder, "fovea.db-wal", &beside, &log));
    FV_TRY(look_at(folder, "fovea.db-journal", &beside, &journal));
    journal = journal && beside.st_size > 0; /* an empty one is left by who needs it no more */
    out->needed = there && !log && !journal && access(folder, W_OK) < 0;
    return NULL;
}

/* One that lies ahead, by a clock that was set back since, is not met again by chance. */
static bool is_fresh(const struct timespec *time, int64_t now_ms) {
    int64_t age = now_ms - ((int64_t)time->tv_sec * 1000 + time->tv_nsec / 1000000);
    return age >= 0 && age < (time->tv_nsec ? TICK_MS : COARSE_TICK_MS);
}

fv_error *fv_unlocked_begin(const char *folder, double wait_seconds, fv_unlocked *out) {
    for (int64_t end = fv_steady_ms() + (int64_t)(wait_seconds * 1e3);;) {
        FV_TRY(look(folder, out));
        int64_t now = fv_wall_ms();
        if (!out->needed || (!is_fresh(&out->file.st_mtim, now) && !is_fresh(&out->file.st_ctim, now))) return NULL;
        if (fv_steady_ms() > end) return fv_fail(FV_BUSY, "%s/fovea.db has been changing for %.3g s", folder, wait_seconds);
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
    }
}

static bool same_time(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

fv_error *fv_unlocked_end(const char *folder, const fv_unlocked *before, fv_error *outcome) {
    struct stat now;
    bool there;
    if (!before->needed) return outcome;
    fv_error *error = look_at(folder, "fovea.db", &now, &there);
    bool same = !error && there && now.st_ino == before->file.st_ino && now.st_dev == before->file.st_dev &&
                now.st_size == before->file.st_size && same_time(&now.st_mtim, &before->file.st_mtim) &&
                same_time(&now.st_ctim, &before->file.st_ctim);
    if (same) return outcome;
    fv_error_free(outcome); /* of pages that do not belong together, it may be anything */
    if (error) return error;
    return fv_error_hint(fv_fail(FV_BUSY, "%s/fovea.db was changed while it was read", folder), "try again");
}
