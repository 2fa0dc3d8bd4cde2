/* paths.c - names into pictures: a stack of the folders we are in, each with its names and how far we have come in them. */
#include "data/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "data/walk.h"

#define DEPTH_MAX 64
#define NAMES_CAP (INT64_C(1) << 32)
#define PATH_CAP (1 << 16)

typedef struct level {
    fv_arena *arena; /* of the names, and of the folder's path */
    const char *folder, **names;
    int64_t count, next;
    dev_t device;
    ino_t number;
} level;

struct fv_paths {
    const char *const *names;
    int64_t count, next;
    FILE *lines;
    bool in_lines;
    char *line;
    size_t line_room;
    int depth;
    level levels[DEPTH_MAX];
    fv_text path;
};

fv_error *fv_paths_new(const char *const *names, int64_t count, FILE *lines, fv_paths **out) {
    FV_TRY(fv_memory_new(1, out));
    (*out)->names = names;
    (*out)->count = count;
    (*out)->lines = lines;
    fv_text_init(&(*out)->path, PATH_CAP);
    return NULL;
}

static void leave(fv_paths *p) { fv_arena_free(p->levels[--p->depth].arena); }

void fv_paths_free(fv_paths *p) {
    if (!p) return;
    while (p->depth) leave(p);
    fv_text_release(&p->path);
    free(p->line); /* house: allow malloc - getline takes it with malloc */
    fv_memory_free(p);
}

static bool is_inside(const fv_paths *p, const struct stat *about) {
    for (int i = 0; i < p->depth; i++)
        if (p->levels[i].device == about->st_dev && p->levels[i].number == about->st_ino) return true;
    return false;
}

/* Lists the folder `path`; false: it is none, or one that cannot be read or is too deep, and is given like a file. */
static fv_error *enter(fv_paths *p, const char *path, bool *entered) {
    struct stat about;
    *entered = false;
    if (stat(path, &about) < 0 || !S_ISDIR(about.st_mode) || p->depth == DEPTH_MAX) return NULL;
    *entered = true;
    if (is_inside(p, &about)) return NULL;
    FV_OWNED(fv_arena) arena = NULL;
    level l = { .device = about.st_dev, .number = about.st_ino };
    FV_TRY(fv_arena_new("names of files", NAMES_CAP, &arena));
    FV_TRY(fv_arena_text(arena, path, &l.folder));
    fv_error *error = fv_file_list(path, arena, &l.names, &l.count);
    if (error && fv_error_code(error) == FV_MEMORY) return error;
    *entered = !error;
    fv_error_free(error);
    if (!*entered) return NULL;
    l.arena = fv_take(&arena);
    p->levels[p->depth++] = l;
    return NULL;
}

static fv_error *set_path(fv_paths *p, const char *folder, const char *name) {
    bool slash = *folder && folder[strlen(folder) - 1] != '/';
    fv_text_clear(&p->path);
    fv_text_addf(&p->path, "%s%s%s", folder, slash ? "/" : "", name);
    return fv_text_error(&p->path);
}

/* Leaves the next picture below the folders we are in in p->path; `*found` is false when we have left them all. */
static fv_error *next_below(fv_paths *p, bool *found) {
    *found = false;
    while (p->depth && !*found) {
        level *l = &p->levels[p->depth - 1];
        bool entered;
        if (l->next == l->count) {
            leave(p);
            continue;
        }
        const char *name = l->names[l->next++];
        if (fv_is_system_name(name)) continue;
        FV_TRY(set_path(p, l->folder, name));
        FV_TRY(enter(p, p->path.at, &entered));
        *found = !entered && (fv_is_picture_name(name) || fv_file_kind_of(p->path.at) == FV_FILE_FOLDER);
    }
    return NULL;
}

static fv_error *next_line(fv_paths *p, const char **name) {
    ssize_t length;
    *name = NULL;
    do {
        errno = 0;
        length = getline(&p->line, &p->line_room, p->lines);
        if (length < 0 && ferror(p->lines)) return fv_fail(FV_IO, "cannot read the list of files: %s", strerror(errno));
        if (length < 0) return NULL;
        while (length && (p->line[length - 1] == '\n' || p->line[length - 1] == '\r')) p->line[--length] = 0;
    } while (!length);
    *name = p->line;
    return NULL;
}

/* The next name that the user gave, here or in a line. */
static fv_error *next_name(fv_paths *p, const char **name) {
    for (;;) {
        if (p->in_lines) {
            FV_TRY(next_line(p, name));
            if (*name) return NULL;
            p->in_lines = false;
        }
        *name = p->next < p->count ? p->names[p->next++] : NULL;
        if (!*name || !p->lines || strcmp(*name, "-") != 0) return NULL;
        p->in_lines = true;
    }
}

fv_error *fv_paths_next(fv_paths *p, const char **path) {
    const char *name = NULL;
    bool found, entered = true;
    do {
        FV_TRY(next_below(p, &found));
        if (found) break;
        FV_TRY(next_name(p, &name));
        if (!name) return *path = NULL, NULL;
        FV_TRY(set_path(p, "", name));
        FV_TRY(enter(p, p->path.at, &entered));
    } while (entered);
    *path = p->path.at;
    return NULL;
}
