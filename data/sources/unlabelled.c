/* unlabelled.c - a folder with pictures in it and no folders: pictures without classes, to be looked through or predicted. */
#include "core/base/file.h"
#include "data/walk.h"

static fv_error *add(void *listing, const char *path) {
    return fv_listing_add(listing, &(fv_sample){ .id = path, .part = -1, .target.kind = FV_TARGET_NONE });
}

static fv_error *open_(const char *path, const void *options, fv_listing *listing, void **state) {
    (void)options;
    *state = NULL;
    return fv_walk(listing, path, "", add, listing);
}

/* A picture, and no folder beside it. */
static fv_error *sniff(const char *path, int *sure) {
    FV_OWNED(fv_arena) arena = NULL;
    const char **names, *whole;
    int64_t count;
    bool pictures = false, folders = false;
    FV_TRY(fv_arena_new("names of files", INT64_C(1) << 32, &arena));
    FV_TRY(fv_sniff_folder(path, arena, &names, &count));
    for (int64_t i = 0; i < count && !folders; i++) {
        if (fv_is_system_name(names[i])) continue;
        if (fv_is_picture_name(names[i])) {
            pictures = true;
            continue;
        }
        FV_TRY(fv_file_join(arena, path, names[i], &whole));
        folders = fv_file_kind_of(whole) == FV_FILE_FOLDER;
    }
    if (pictures && !folders) *sure = 15;
    return NULL;
}

const fv_source fv_source_unlabelled = {
    .name = "unlabelled",
    .summary = "a folder of pictures without classes",
    .channels = 3,
    .sniff = sniff,
    .open = open_,
};
