/* drift_watch.c - see drift_watch.h. */
#include "serve/drift_watch.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "data/threads.h"
#include "drift/predictions.h"
#include "drift/say.h"
#include "fovea/versions.h"

#define NAME_BYTES 256

/* A version, from its first answer on. What the thread works with is its own while `busy`. */
typedef struct watched {
    char model[NAME_BYTES], digest[FV_DIGEST_LETTERS];
    int64_t version;
    bool sought, busy; /* its profile was looked for; the thread has it */
    int64_t used;      /* when it was last asked for, in answers */
    fv_arena *arena;   /* of the profile */
    fv_drift_profile profile;
    fv_drift_monitor *monitor; /* NULL: there is no profile */
    fv_drift_window *filling, *full;
    int64_t skipped;    /* windows */
    fv_drift_step step; /* of the last window that was judged; its texts are the profile's */
    fv_drift_totals totals;
    int64_t checked_us; /* 0: none was yet */
} watched;

struct fv_drift_watch {
    fv_registry *registry;
    const char *file;
    int64_t window;
    double share;
    fv_drift_policy policy;
    fv_threads thread;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t wake;
    watched *versions[FV_WATCHED];
    int64_t count, answers;
    double rests_until; /* by fv_clock_seconds: no window is begun before */
    bool ending;
};

/* ---- profiles: the thread's ---- */

static fv_error *parse_profile(const char *json, const char *where, watched *v) {
    FV_TRY(fv_arena_new("a served version's reference profile", INT64_C(1) << 28, &v->arena));
    return fv_drift_profile_parse(json, where, v->arena, &v->profile);
}

static fv_error *profile_of_version(fv_drift_watch *w, watched *v, bool *found) {
    char reference[NAME_BYTES + 24], *bytes;
    int64_t length;
    fv_version_list list;
    snprintf(reference, sizeof reference, "%s/%lld", v->model, (long long)v->version);
    FV_TRY(fv_version_find(w->registry, reference, &list));
    const fv_version_file *file = NULL;
    for (int64_t i = 0; i < list.rows->file_count; i++)
        if (!strcmp(list.rows->files[i].path, FV_DRIFT_PROFILE_FILE)) file = &list.rows->files[i];
    *found = file != NULL;
    fv_error *error = file ? fv_object_get(w->registry, file->digest, FV_DRIFT_PROFILE_BYTES_MAX, &bytes, &length) : NULL;
    fv_version_list_release(&list);
    if (error || !*found) return error;
    error = parse_profile(bytes, reference, v);
    fv_string_free(bytes);
    return error;
}

static fv_error *profile_of_file(fv_drift_watch *w, watched *v, bool *found) {
    FV_OWNED(fv_memory) bytes = NULL;
    char path[4096];
    int64_t length;
    size_t stem = strlen(w->file), ending = strlen(".fovea");
    if (stem > ending && !strcmp(w->file + stem - ending, ".fovea")) stem -= ending;
    if (snprintf(path, sizeof path, "%.*s.%s", (int)stem, w->file, FV_DRIFT_PROFILE_FILE) >= (int)sizeof path)
        return fv_fail(FV_USAGE, "the path of %s is too long", w->file);
    *found = fv_file_kind_of(path) == FV_FILE_PLAIN;
    if (!*found) return NULL;
    FV_TRY(fv_file_read(path, FV_DRIFT_PROFILE_BYTES_MAX, (uint8_t **)&bytes, &length));
    return parse_profile(bytes, path, v);
}

static fv_error *find_profile(fv_drift_watch *w, watched *v) {
    bool found = false;
    if (w->registry)
        FV_TRY(profile_of_version(w, v, &found));
    else if (w->file)
        FV_TRY(profile_of_file(w, v, &found));
    return found ? fv_drift_monitor_new(&v->profile, &w->policy, FV_DRIFT_WHOLE, &v->monitor) : NULL;
}

/* ---- the thread ---- */

static void warn(const watched *v, fv_error *error) {
    char text[1024];
    if (error)
        fv_log_warning("drift of %s/%lld is not watched: %s", v->model, (long long)v->version,
                       fv_error_format(error, text, sizeof text));
    fv_error_free(error);
}

static void tell_alarm(const watched *v, const fv_drift_step *step) {
    const fv_drift_finding *f = fv_drift_strongest(&step->report);
    FV_TEXT(why, 4096);
    if (!step->raised || !f) return;
    fv_drift_say(f, &why);
    fv_log_warning("drift of %s/%lld: %s", v->model, (long long)v->version, why.at);
    fv_error_free(fv_text_error(&why));
}

static double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Under the mutex, which it leaves meanwhile. */
static void judge(fv_drift_watch *w, watched *v) {
    fv_drift_window *window = fv_take(&v->full);
    fv_drift_step step;
    struct timespec now;
    double began = processor_seconds();
    pthread_mutex_unlock(&w->mutex);
    fv_error *error = fv_drift_monitor_step(v->monitor, window, &step);
    if (!error) tell_alarm(v, &step);
    warn(v, error);
    fv_drift_window_free(window);
    clock_gettime(CLOCK_REALTIME, &now);
    pthread_mutex_lock(&w->mutex);
    w->rests_until = fv_clock_seconds() + (processor_seconds() - began) / w->share;
    if (error) return;
    v->step = step, v->totals = fv_drift_monitor_totals(v->monitor);
    v->checked_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void seek(fv_drift_watch *w, watched *v) {
    pthread_mutex_unlock(&w->mutex);
    fv_error *error = find_profile(w, v);
    warn(v, error);
    pthread_mutex_lock(&w->mutex);
    v->sought = true;
}

static watched *next_work(const fv_drift_watch *w) {
    for (int64_t i = 0; i < w->count; i++)
        if (!w->versions[i]->sought || w->versions[i]->full) return w->versions[i];
    return NULL;
}

static void *work(void *context) {
    fv_drift_watch *w = context;
    pthread_mutex_lock(&w->mutex);
    while (!w->ending) {
        watched *v = next_work(w);
        if (!v) {
            pthread_cond_wait(&w->wake, &w->mutex);
            continue;
        }
        v->busy = true;
        if (v->sought)
            judge(w, v);
        else
            seek(w, v);
        v->busy = false;
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* ---- beginning and ending ---- */

static void free_watched(watched *v) {
    if (!v) return;
    fv_drift_window_free(v->filling);
    fv_drift_window_free(v->full);
    fv_drift_monitor_free(v->monitor);
    fv_arena_free(v->arena);
    fv_memory_free(v);
}

fv_error *fv_drift_watch_new(fv_registry *registry, const char *file, int64_t window, double share, fv_drift_watch **out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_drift_watch) w = NULL;
    FV_TRY(fv_memory_new(1, &w));
    w->registry = registry, w->file = file, w->window = window, w->share = share;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->wake, NULL);
    FV_TRY(fv_arena_new("a policy", 1 << 16, &arena));
    FV_TRY(fv_fields_defaults(fv_drift_policy_fields, &w->policy, arena));
    FV_TRY(fv_threads_start(&w->thread, 1, "fovea-drift", work, w));
    *out = fv_take(&w);
    return NULL;
}

void fv_drift_watch_free(fv_drift_watch *w) {
    if (!w) return;
    pthread_mutex_lock(&w->mutex);
    w->ending = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->mutex);
    fv_threads_join(&w->thread);
    for (int64_t i = 0; i < w->count; i++) free_watched(w->versions[i]);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->mutex);
    fv_memory_free(w);
}

/* ---- answers: under the mutex ---- */

/* Room for another version: that of the one that was not asked for longest; −1: the thread has all of them. */
static int64_t make_place(fv_drift_watch *w) {
    int64_t idlest = -1;
    if (w->count < FV_WATCHED) return w->count++;
    for (int64_t i = 0; i < w->count; i++)
        if (!w->versions[i]->busy && (idlest < 0 || w->versions[i]->used < w->versions[idlest]->used)) idlest = i;
    if (idlest >= 0) free_watched(fv_take(&w->versions[idlest]));
    return idlest;
}

static fv_error *find_watched(fv_drift_watch *w, const fv_served_facts *facts, watched **out) {
    *out = NULL;
    for (int64_t i = 0; i < w->count && !*out; i++) {
        watched *v = w->versions[i];
        if (v->version == facts->version && !strcmp(v->model, facts->name) && !strcmp(v->digest, facts->digest)) *out = v;
    }
    if (*out) return NULL;
    watched *v;
    FV_TRY(fv_memory_new(1, &v));
    snprintf(v->model, sizeof v->model, "%s", facts->name);
    snprintf(v->digest, sizeof v->digest, "%s", facts->digest);
    v->version = facts->version;
    int64_t place = make_place(w);
    if (place < 0) return fv_memory_free(v), NULL;
    w->versions[place] = *out = v;
    pthread_cond_signal(&w->wake);
    return NULL;
}

static fv_error *add(fv_drift_watch *w, const fv_served_facts *facts, const fv_logged *record) {
    watched *v;
    FV_TRY(find_watched(w, facts, &v));
    if (!v) return NULL;
    v->used = ++w->answers;
    if (!v->sought || !v->monitor) return NULL;
    if (!v->filling && fv_clock_seconds() < w->rests_until) return NULL;
    if (!v->filling) FV_TRY(fv_drift_window_of_predictions(&v->filling));
    FV_TRY(fv_drift_window_add_logged(v->filling, record, -1, false));
    if (v->filling->n < w->window) return NULL;
    if (v->full || v->busy) {
        v->skipped++;
        fv_drift_window_free(fv_take(&v->filling));
        return NULL;
    }
    v->full = fv_take(&v->filling);
    pthread_cond_signal(&w->wake);
    return NULL;
}

void fv_drift_watch_add(fv_drift_watch *w, const fv_served_facts *facts, const fv_logged *record) {
    pthread_mutex_lock(&w->mutex);
    fv_error *error = add(w, facts, record);
    pthread_mutex_unlock(&w->mutex);
    if (error) fv_log_warning("drift of %s is not watched: %s", facts->name, fv_error_message(error));
    fv_error_free(error);
}

/* ---- what it showed ---- */

static fv_drift_told tell(const watched *v) {
    return (fv_drift_told){ .model = v->model,
                            .version = v->version,
                            .step = &v->step,
                            .totals = v->totals,
                            .reference_n = v->profile.n,
                            .checked_us = v->checked_us };
}

void fv_drift_watch_metrics(fv_drift_watch *w, fv_text *out) {
    fv_drift_told told[FV_WATCHED];
    int64_t count = 0, skipped = 0, watching = 0;
    pthread_mutex_lock(&w->mutex);
    for (int64_t i = 0; i < w->count; i++) {
        const watched *v = w->versions[i];
        if (v->sought && v->monitor) watching++;
        skipped += v->skipped;
        if (v->checked_us) told[count++] = tell(v);
    }
    if (count) fv_drift_prometheus(told, count, out);
    pthread_mutex_unlock(&w->mutex);
    fv_text_addf(out,
                 "# HELP fovea_drift_watched versions whose drift is watched\n# TYPE fovea_drift_watched gauge\n"
                 "fovea_drift_watched %lld\n"
                 "# HELP fovea_drift_windows_skipped_total windows that filled before the one before was judged\n"
                 "# TYPE fovea_drift_windows_skipped_total counter\nfovea_drift_windows_skipped_total %lld\n",
                 (long long)watching, (long long)skipped);
}

void fv_drift_watch_json(fv_drift_watch *w, fv_text *out) {
    int64_t count = 0;
    fv_text_add(out, "[");
    pthread_mutex_lock(&w->mutex);
    for (int64_t i = 0; i < w->count; i++) {
        const watched *v = w->versions[i];
        if (!v->sought || !v->monitor) continue;
        fv_drift_told told = tell(v);
        fv_text_add(out, count++ ? ",{\"model\":" : "{\"model\":");
        fv_text_add_json(out, v->model);
        fv_text_addf(out,
                     ",\"version\":%lld,\"filled\":%lld,\"window\":%lld,\"skipped\":%lld,\"check\":", (long long)v->version,
                     (long long)(v->filling ? v->filling->n : 0), (long long)w->window, (long long)v->skipped);
        if (v->checked_us)
            fv_drift_json(&told, out);
        else
            fv_text_add(out, "null");
        fv_text_add(out, "}");
    }
    pthread_mutex_unlock(&w->mutex);
    fv_text_add(out, "]");
}
