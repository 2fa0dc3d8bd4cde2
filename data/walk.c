/* walk.c - through folders, links followed and loops cut: a folder is not entered when it is one of those we are in. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "data/walk.h"

#define DEPTH_MAX 64
#define NAMES_CAP ((int64_t)1 << 32)

static const char *const picture_suffixes[] = { "jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp",  "gif",  "tif", "tiff",
                                                "pbm", "pgm",  "ppm", "pnm",  "pam", "avif", "heic", "heif", "jp2", "jxl" };
static const char *const system_names[] = { "Thumbs.db",   "ehthumbs.db", "desktop.ini",  "__MACOSX",
                                            "__pycache__", "@eaDir",      "$RECYCLE.BIN", "System Volume Information",
                                            "lost+found" };

static bool is_one_of(const char *name, const char *const *names, int count) {
    for (int i = 0; i < count; i++)
        if (!strcasecmp(name, names[i])) return true;
    return false;
}

bool fv_is_picture_name(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && dot != name && is_one_of(dot + 1, picture_suffixes, FV_COUNT(picture_suffixes));
}

bool fv_is_system_name(const char *name) { return name[0] == '.' || is_one_of(name, system_names, FV_COUNT(system_names)); }

fv_error *fv_sniff_folder(const char *path, fv_arena *arena, const char ***names, int64_t *count) {
    *names = NULL;
    *count = 0;
    if (fv_file_kind_of(path) != FV_FILE_FOLDER) return NULL;
    fv_error *error = fv_file_list(path, arena, names, count);
    if (!error || fv_error_code(error) == FV_MEMORY) return error;
    fv_error_free(error);
    return NULL;
}

/* The folders we are in, by what identifies a folder on this system. */
typedef struct place {
    dev_t device;
    ino_t number;
} place;

typedef struct walk {
    fv_listing *listing;
    fv_arena *arena; /* names and paths, until the walk is over */
    const char *root;
    fv_on_picture picture;
    void *context;
    int depth;
    place inside[DEPTH_MAX];
} walk;

static bool is_inside(const walk *w, place here) {
    for (int i = 0; i < w->depth; i++)
        if (w->inside[i].device == here.device && w->inside[i].number == here.number) return true;
    return false;
}

static fv_error *walk_folder(walk *w, const char *folder);

static fv_error *walk_entry(walk *w, const char *folder, const char *name) {
    if (fv_is_system_name(name)) {
        fv_listing_ignore(w->listing);
        return NULL;
    }
    const char *relative = name, *path = NULL;
    if (*folder) FV_TRY(fv_file_join(w->arena, folder, name, &relative));
    FV_TRY(fv_file_join(w->arena, w->root, relative, &path));
    fv_file_kind kind = fv_file_kind_of(path);
    if (kind == FV_FILE_FOLDER) return walk_folder(w, relative);
    if (!fv_is_picture_name(name)) {
        fv_listing_ignore(w->listing);
        return NULL;
    }
    if (kind == FV_FILE_PLAIN) return w->picture(w->context, relative);
    return fv_listing_reject(w->listing, relative, kind == FV_FILE_NONE ? "a link that leads nowhere" : "not a plain file");
}

static fv_error *walk_folder(walk *w, const char *folder) {
    const char *path = w->root, **names = NULL;
    int64_t count = 0;
    struct stat about;
    if (*folder) FV_TRY(fv_file_join(w->arena, w->root, folder, &path));
    if (stat(path, &about) < 0) return fv_listing_reject(w->listing, folder, "a folder that cannot be read");
    place here = { about.st_dev, about.st_ino };
    if (is_inside(w, here)) return fv_listing_note(w->listing, "%s leads back to a folder it lies in: not followed", path);
    if (w->depth == DEPTH_MAX) return fv_listing_reject(w->listing, folder, "more than %d folders deep", DEPTH_MAX);
    fv_error *error = fv_file_list(path, w->arena, &names, &count);
    if (error && fv_error_code(error) == FV_MEMORY) return error; /* nothing is wrong with the folder */
    if (error) {
        char reason[512];
        fv_error_format(error, reason, sizeof reason);
        fv_error_free(error);
        return fv_listing_reject(w->listing, *folder ? folder : w->root, "%s", reason);
    }
    w->inside[w->depth++] = here;
    for (int64_t i = 0; i < count; i++) FV_TRY(walk_entry(w, folder, names[i]));
    w->depth--;
    return NULL;
}

/* We are also in root, and in what lies between it and `folder`. */
static void enter_above(walk *w, const char *folder) {
    char path[4096];
    struct stat about;
    for (const char *end = folder; end && *folder && w->depth < DEPTH_MAX; end = strchr(end + 1, '/')) {
        int length = snprintf(path, sizeof path, "%s/%.*s", w->root, (int)(end - folder), folder);
        if (length < (int)sizeof path && stat(path, &about) == 0) w->inside[w->depth++] = (place){ about.st_dev, about.st_ino };
    }
}

fv_error *fv_walk(fv_listing *listing, const char *root, const char *folder, fv_on_picture picture, void *context) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("names of files", NAMES_CAP, &arena));
    walk w = { .listing = listing, .arena = arena, .root = root, .picture = picture, .context = context };
    enter_above(&w, folder);
    return walk_folder(&w, folder);
}
