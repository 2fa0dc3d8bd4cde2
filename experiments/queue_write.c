/* queue_write.c - a queue as a folder that can be given to whoever labels it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "experiments/queue.h"

#define PICTURE_BYTES_MAX (INT64_C(1) << 30)
#define CSV_BYTES_MAX (INT64_C(1) << 28)

/* Quoted, quotes doubled. */
static void add_cell(const char *text, fv_text *out) {
    fv_text_add(out, "\"");
    for (; text && *text; text++) {
        if (*text == '"') fv_text_add(out, "\"");
        fv_text_add_bytes(out, text, 1);
    }
    fv_text_add(out, "\"");
}

/* The ending of the source, where it is a short one. */
static const char *ending_of(const char *source) {
    const char *slash = strrchr(source, '/'), *dot = strrchr(slash ? slash : source, '.');
    return dot && strlen(dot) <= 6 ? dot : "";
}

/* An id is the caller's: it makes no path. */
static fv_error *name_of(const fv_queued *q, int64_t place, fv_arena *arena, const char **out) {
    char id[65];
    snprintf(id, sizeof id, "%s", q->id);
    for (char *at = id; *at; at++)
        if (!strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_", *at)) *at = '_';
    return fv_arena_format(arena, out, "%04lld-%s%s", (long long)(place + 1), id, ending_of(q->source));
}

static fv_error *put(const char *source, const char *path, bool copies) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    char *real;
    if (copies) {
        FV_TRY(fv_file_read(source, PICTURE_BYTES_MAX, (uint8_t **)&bytes, &length));
        return fv_file_write(path, bytes, length, NULL);
    }
    FV_TRY(fv_file_resolve(source, &real));
    int refused = symlink(real, path) ? errno : 0;
    fv_string_free(real);
    return refused ? fv_file_refused(refused, "link", path) : NULL;
}

static fv_error *refuse_used(const char *folder, fv_arena *arena) {
    const char **names;
    int64_t count;
    FV_TRY(fv_file_list(folder, arena, &names, &count));
    if (!count) return NULL;
    return fv_error_hint(fv_fail(FV_CONFLICT, "%s has something in it already", folder), "name a folder that is not there yet");
}

fv_error *fv_queue_write(const fv_queue *queue, const char *folder, bool copies) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TEXT(csv, CSV_BYTES_MAX);
    const char *name, *path;
    FV_TRY(fv_arena_new("a queue", CSV_BYTES_MAX, &arena));
    FV_TRY(fv_file_make_folder(folder));
    FV_TRY(refuse_used(folder, arena));
    fv_text_add(&csv, "id,label,guess,why,score,file,source\n");
    for (int64_t i = 0; i < queue->count; i++) {
        const fv_queued *q = &queue->at[i];
        FV_TRY(name_of(q, i, arena, &name));
        FV_TRY(fv_file_join(arena, folder, name, &path));
        FV_TRY(put(q->source, path, copies));
        add_cell(q->id, &csv);
        fv_text_add(&csv, ",,");
        add_cell(q->guess, &csv);
        fv_text_addf(&csv, ",%s,%.6g,", q->why, q->score);
        add_cell(name, &csv);
        fv_text_add(&csv, ",");
        add_cell(q->source, &csv);
        fv_text_add(&csv, "\n");
    }
    FV_TRY(fv_text_error(&csv));
    FV_TRY(fv_file_join(arena, folder, "queue.csv", &path));
    return fv_file_write(path, csv.at, csv.length, NULL);
}
