/* class_folders.c - a folder a class: DIR/CLASS/…/picture, or DIR/PART/CLASS/…/picture with the parts train, val and test.
 *
 * Classes are the names of the folders, in the order of their bytes ("10" before "2"), and everything below a class folder
 * belongs to it, however deep. Parts are found by name, in any case: train, training; val, valid, validation; test, testing.
 * DIR is taken to have parts when it has a train folder and one of the others, or nothing but such folders with folders in
 * them; `layout` says so where that guess is wrong. The classes are those of train where there is one: a class that only
 * another part has is rejected. Links are followed, loops cut; hidden and system files, files that are no pictures by name, and
 * pictures that `include` and `exclude` leave out are ignored and counted. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "data/walk.h"

typedef struct fv_class_folders_options {
    int layout;
    fv_strings include, exclude;
} fv_class_folders_options;

enum { AUTO, CLASSES, PARTS };
static const fv_field fields[] = {
    FV_FIELD(fv_class_folders_options, layout, .by_default = "auto", .names = "auto,classes,parts",
             .help = "what the folders in DIR are"),
    FV_FIELD(fv_class_folders_options, include, .value = "GLOBS",
             .help = "take only pictures that match one of these, as *.jpg,*.jpeg; none: every picture"),
    FV_FIELD(fv_class_folders_options, exclude, .value = "GLOBS",
             .help = "leave out pictures that match one of these, as *_mask.png,*/masks/*"),
    FV_FIELDS_END,
};

/* What a folder holds, by kind of entry; names are in the arena that it was read with. */
typedef struct contents {
    const char **folders, **pictures;
    int64_t folder_count, picture_count, ignored;
} contents;

static fv_error *read_folder(const char *path, fv_arena *arena, contents *out) {
    const char **names = NULL;
    int64_t count = 0;
    FV_TRY(fv_file_list(path, arena, &names, &count));
    *out = (contents){ 0 };
    FV_TRY(fv_arena_take(arena, count, &out->folders));
    FV_TRY(fv_arena_take(arena, count, &out->pictures));
    for (int64_t i = 0; i < count; i++) {
        const char *whole = NULL;
        FV_TRY(fv_file_join(arena, path, names[i], &whole));
        if (fv_is_system_name(names[i]))
            out->ignored++;
        else if (fv_file_kind_of(whole) == FV_FILE_FOLDER)
            out->folders[out->folder_count++] = names[i];
        else if (fv_is_picture_name(names[i]))
            out->pictures[out->picture_count++] = names[i];
        else
            out->ignored++;
    }
    return NULL;
}

/* One opening of a data set, and the class folder that is being listed. */
typedef struct opening {
    fv_listing *listing;
    fv_arena *arena; /* until it is open */
    const char *path;
    fv_strings include, exclude;
    int64_t left_out; /* by those */
    contents top;
    const char *part_folders[FV_PART_KINDS]; /* by kind; NULL: there is none */
    int part;                                /* −1: the set has none */
    bool makes_classes;                      /* a name that is new is a new class */
    const char *class_name;
    int64_t class_index, found; /* found: pictures in it so far */
    char before[1024];          /* the picture before this one */
    int64_t twins;              /* pictures that have its name but for the suffix */
    const char *first_twin;
} opening;

static fv_error *find_parts(opening *o) {
    for (int64_t i = 0; i < o->top.folder_count; i++) {
        const char *name = o->top.folders[i];
        int kind = fv_part_kind(name);
        if (kind < 0) continue;
        if (o->part_folders[kind])
            return fv_fail(FV_CONFLICT, "%s: %s and %s are both the %s part", o->path, o->part_folders[kind], name,
                           fv_part_kinds[kind]);
        o->part_folders[kind] = name;
    }
    return NULL;
}

static fv_error *has_folders(opening *o, const char *folder, bool *out) {
    const char *path = NULL;
    contents inside;
    FV_TRY(fv_file_join(o->arena, o->path, folder, &path));
    FV_TRY(read_folder(path, o->arena, &inside));
    *out = inside.folder_count > 0;
    return NULL;
}

/* The guess that the file comment describes. */
static fv_error *guess_layout(opening *o, int *layout) {
    int64_t parts = 0;
    bool all_with_folders = true;
    for (int k = 0; k < FV_PART_KINDS; k++) {
        bool with_folders = true;
        if (o->part_folders[k]) FV_TRY(has_folders(o, o->part_folders[k], &with_folders));
        all_with_folders &= with_folders;
        parts += o->part_folders[k] != NULL;
    }
    bool by_name = o->part_folders[0] && parts > 1, alone = parts && parts == o->top.folder_count && all_with_folders;
    *layout = by_name || alone ? PARTS : CLASSES;
    return NULL;
}

/* A glob with a slash is matched with the path below DIR, where * takes slashes too, another with the file's name; in any case.
 */
static bool matches(const fv_strings *globs, const char *path) {
    const char *slash = strrchr(path, '/');
    for (int64_t i = 0; i < globs->count; i++)
        if (!fnmatch(globs->at[i], strchr(globs->at[i], '/') ? path : slash + 1, FNM_CASEFOLD)) return true;
    return false;
}

static bool is_wanted(const opening *o, const char *path) {
    return (!o->include.count || matches(&o->include, path)) && !matches(&o->exclude, path);
}

/* Names come sorted, so a picture and its mask follow each other. */
static fv_error *look_for_twin(opening *o, const char *path) {
    size_t stem = (size_t)(strrchr(path, '.') + 1 - path);
    if (!strncmp(o->before, path, stem) && !strchr(o->before + stem, '/') && !o->twins++)
        FV_TRY(fv_arena_text(o->arena, path, &o->first_twin));
    snprintf(o->before, sizeof o->before, "%s", path);
    return NULL;
}

/* The first picture makes the class: a folder without pictures makes none, since nothing would train its output. */
static fv_error *on_picture(void *context, const char *path) {
    opening *o = context;
    if (!is_wanted(o, path)) {
        o->left_out++;
        fv_listing_ignore(o->listing);
        return NULL;
    }
    FV_TRY(look_for_twin(o, path));
    if (!o->found++) {
        o->class_index = fv_listing_find_class(o->listing, o->class_name);
        if (o->makes_classes) FV_TRY(fv_listing_class(o->listing, o->class_name, &o->class_index));
    }
    if (o->class_index < 0)
        return fv_listing_reject(o->listing, path, "its class \"%s\" is not one of those in %s", o->class_name,
                                 o->part_folders[0]);
    fv_target target = { .kind = FV_TARGET_CLASS, .class_index = o->class_index };
    return fv_listing_add(o->listing, &(fv_sample){ .id = path, .part = o->part, .target = target });
}

static fv_error *list_class(opening *o, const char *relative, const char *name) {
    o->class_name = name;
    o->found = 0;
    FV_TRY(fv_walk(o->listing, o->path, relative, on_picture, o));
    return o->found ? NULL : fv_listing_note(o->listing, "%s/%s holds no pictures", o->path, relative);
}

/* The class folders of DIR (`folder` is "") or of a part. */
static fv_error *list_classes(opening *o, const char *folder) {
    contents inside = o->top;
    const char *path = NULL, *relative = NULL;
    if (*folder) {
        FV_TRY(fv_file_join(o->arena, o->path, folder, &path));
        FV_TRY(read_folder(path, o->arena, &inside));
        for (int64_t i = 0; i < inside.ignored; i++) fv_listing_ignore(o->listing);
    }
    for (int64_t i = 0; i < inside.picture_count; i++) {
        relative = inside.pictures[i];
        if (*folder) FV_TRY(fv_file_join(o->arena, folder, inside.pictures[i], &relative));
        FV_TRY(fv_listing_reject(o->listing, relative, "it lies beside the class folders, not in one"));
    }
    if (!inside.folder_count)
        return fv_error_hint(fv_fail(FV_FORMAT, "%s%s%s has no class folders", o->path, *folder ? "/" : "", folder),
                             "put the pictures of each class into a folder of its name");
    for (int64_t i = 0; i < inside.folder_count; i++) {
        relative = inside.folders[i];
        if (*folder) FV_TRY(fv_file_join(o->arena, folder, inside.folders[i], &relative));
        FV_TRY(list_class(o, relative, inside.folders[i]));
    }
    return NULL;
}

static fv_error *list_parts(opening *o) {
    for (int64_t i = 0; i < o->top.folder_count; i++)
        if (fv_part_kind(o->top.folders[i]) < 0) {
            FV_TRY(fv_listing_note(o->listing, "%s/%s is none of train, val and test: ignored", o->path, o->top.folders[i]));
            fv_listing_ignore(o->listing);
        }
    for (int64_t i = 0; i < o->top.picture_count; i++)
        FV_TRY(fv_listing_reject(o->listing, o->top.pictures[i], "it lies beside the parts, not in one"));
    for (int k = 0; k < FV_PART_KINDS; k++) {
        if (!o->part_folders[k]) continue;
        FV_TRY(fv_listing_part(o->listing, fv_part_kinds[k], &o->part));
        o->makes_classes = k == 0 || !o->part_folders[0];
        FV_TRY(list_classes(o, o->part_folders[k]));
    }
    return NULL;
}

static fv_error *note_what_was_seen(const opening *o) {
    if (o->include.count || o->exclude.count)
        FV_TRY(fv_listing_note(o->listing, "%lld pictures are left out by include and exclude", (long long)o->left_out));
    if (!o->twins) return NULL;
    return fv_listing_note(o->listing,
                           "%lld pictures differ from another in nothing but the suffix of their name, the first %s; "
                           "if they are masks, leave them out by the source's option exclude",
                           (long long)o->twins, o->first_twin);
}

static fv_error *open_(const char *path, const void *options, fv_listing *listing, void **state) {
    const fv_class_folders_options *given = options;
    FV_OWNED(fv_arena) arena = NULL;
    *state = NULL;
    FV_TRY(fv_arena_new("names of folders", (int64_t)1 << 32, &arena));
    opening o = { .listing = listing,
                  .arena = arena,
                  .path = path,
                  .part = -1,
                  .makes_classes = true,
                  .include = given->include,
                  .exclude = given->exclude };
    FV_TRY(read_folder(path, arena, &o.top));
    FV_TRY(find_parts(&o));
    int layout = given->layout;
    if (layout == AUTO) FV_TRY(guess_layout(&o, &layout));
    for (int64_t i = 0; i < o.top.ignored; i++) fv_listing_ignore(listing);
    FV_TRY(layout == PARTS ? list_parts(&o) : list_classes(&o, ""));
    FV_TRY(note_what_was_seen(&o));
    return fv_listing_sort_classes(listing);
}

/* Any folder may be one; others are surer of theirs. */
static fv_error *sniff(const char *path, int *sure) {
    *sure = fv_file_kind_of(path) == FV_FILE_FOLDER ? 10 : 0;
    return NULL;
}

const fv_source fv_source_class_folders = {
    .name = "class_folders",
    .summary = "a folder a class, DIR/CLASS/picture or DIR/PART/CLASS/picture",
    .fields = fields,
    .channels = 3,
    .sniff = sniff,
    .open = open_,
};
