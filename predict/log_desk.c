/* log_desk.c - see log_desk.h. The digest is that of the registry: BLAKE2b-256 of the file. */
#include "predict/log_desk.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/file.h"
#include "core/base/size.h"
#include "core/formats/model_file.h"

struct fv_log_desk {
    fv_arena *arena;
    fv_prediction_log *log;
    fv_outcome_kind kind;
    fv_logged record;
    fv_logged_score top[FV_LOG_TOP_MAX];
    float sketch[FV_SKETCH];
    const char *here; /* the folder that paths are relative to */
    char path[FV_LOG_TEXT_MAX + 1];
};

static fv_error *digest_of(const char *path, fv_arena *arena, const char **out) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    unsigned char hash[32];
    char letters[2 * sizeof hash + 1];
    FV_TRY(fv_file_read(path, FV_MODEL_BYTES_MAX, (uint8_t **)&bytes, &length));
    crypto_generichash(hash, sizeof hash, bytes, (unsigned long long)length, NULL, 0);
    sodium_bin2hex(letters, sizeof letters, hash, sizeof hash);
    return fv_arena_text(arena, letters, out);
}

static fv_error *folder_here(fv_arena *arena, const char **out) {
    char *here;
    FV_TRY(fv_file_resolve(".", &here));
    fv_error *error = fv_arena_text(arena, here, out);
    fv_string_free(here);
    return error;
}

/* The file's name without folder and ending. */
static fv_error *name_of(const char *path, fv_arena *arena, const char **out) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return fv_arena_format(arena, out, "%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
}

fv_error *fv_log_desk_open(const char *folder, const fv_log_subject *subject, fv_outcome_kind kind, fv_log_desk **out) {
    fv_log_desk *desk;
    FV_TRY(fv_memory_new(1, &desk));
    desk->kind = kind;
    desk->record.version = subject->version;
    fv_error *error = fv_arena_new("a prediction log's names", INT64_C(1) << 20, &desk->arena);
    if (!error) error = folder_here(desk->arena, &desk->here);
    if (!error) error = digest_of(subject->file, desk->arena, &desk->record.digest);
    if (!error && !subject->name) error = name_of(subject->file, desk->arena, &desk->record.model);
    if (!error && subject->name) error = fv_arena_text(desk->arena, subject->name, &desk->record.model);
    if (!error) error = fv_arena_text(desk->arena, subject->key, &desk->record.key);
    if (!error) error = fv_prediction_log_open(folder, NULL, &desk->log);
    if (!error) return *out = desk, NULL;
    fv_error_free(fv_log_desk_close(desk));
    return error;
}

fv_error *fv_log_desk_close(fv_log_desk *desk) {
    if (!desk) return NULL;
    fv_error *error = fv_prediction_log_close(desk->log);
    fv_arena_free(desk->arena);
    fv_memory_free(desk);
    return error;
}

void fv_logged_from_prediction(const fv_prediction *p, fv_outcome_kind kind, fv_logged_score *top, float *sketch,
                               fv_logged *out) {
    out->kind = kind;
    out->count = fv_min(p->count, FV_LOG_TOP_MAX);
    out->answers = kind == FV_MULTI_LABEL ? fv_min(p->answers, out->count) : 0;
    for (int64_t k = 0; k < out->count; k++) top[k] = (fv_logged_score){ p->labels[k], p->scores[k] };
    out->top = top;
    out->abstained = p->abstained;
    out->number = p->number;
    out->entropy = p->entropy, out->margin = p->margin;
    out->properties = p->properties;
    out->sketch_count = p->feature_count ? fv_sketch_features(p->features, p->feature_count, sketch) : 0;
    out->sketch = sketch;
    out->outlier_score = p->outlier_score, out->outlier_threshold = p->outlier_threshold;
}

/* What is called so: a file by its whole path, since who looks for it later, a cron job, is in another folder. */
static const char *source_of(fv_log_desk *desk, const char *path) {
    if (*path == '/' || fv_file_kind_of(path) != FV_FILE_PLAIN) return strlen(path) <= FV_LOG_TEXT_MAX ? path : NULL;
    int length = snprintf(desk->path, sizeof desk->path, "%s/%s", desk->here, path);
    return length < (int)sizeof desk->path ? desk->path : NULL;
}

fv_error *fv_log_desk_add(fv_log_desk *desk, const fv_prediction *p) {
    if (p->error) return NULL;
    fv_logged_from_prediction(p, desk->kind, desk->top, desk->sketch, &desk->record);
    desk->record.source = source_of(desk, p->path);
    return fv_prediction_log_add(desk->log, &desk->record, NULL);
}
