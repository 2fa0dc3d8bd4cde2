/* model_file.c - a model written as a file: the HDF5 image in memory, the trailer behind it, then the whole replaces the old
 * file.
 *
 * Tensors are written sorted by role and name, sections by name, so that the bytes do not tell in which order a model was made.
 * A '/' in a tensor's name, which HDF5 would take for a group, is written "%2F" ('%' is "%25"). */
#include "core/formats/model_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "core/formats/hdf5_image.h"
#include "core/formats/model_list.h"
#include "core/formats/model_trailer.h"

#define HDF5_BYTES (8 << 20) /* more than HDF5 takes beside the image; it does not everywhere live through want of memory */

typedef struct entry {
    const char *name;
    fv_role role;
    const fv_tensor *tensor;
} entry;

static int by_role_and_name(const void *a, const void *b) {
    const entry *x = a, *y = b;
    return x->role != y->role ? (x->role > y->role) - (x->role < y->role) : strcmp(x->name, y->name);
}

/* The tensors that go into the file, in their order. */
static fv_error *list_tensors(const fv_model *model, bool checkpoint, fv_arena *arena, entry **out, int64_t *count) {
    fv_weights *weights = fv_model_weights(model);
    entry *entries;
    int64_t all = fv_weights_count(weights), kept = 0;
    FV_TRY(fv_arena_take(arena, all + 1, &entries));
    for (int64_t i = 0; i < all; i++) {
        entry e;
        e.tensor = fv_weights_at(weights, i, &e.name, &e.role);
        if (checkpoint || e.role != FV_SLOT) entries[kept++] = e;
    }
    qsort(entries, (size_t)kept, sizeof *entries, by_role_and_name);
    *out = entries, *count = kept;
    return NULL;
}

static bool goes_in(const char *section, bool checkpoint) { return checkpoint || strcmp(section, FV_SECTION_TRAINING) != 0; }

/* Names lie in heaps that HDF5 doubles in size as they grow, and leaves behind where they were; '/' and '%' take three bytes.
 */
#define NAME_COPIES 12

int64_t fv_model_encoded_bound(const fv_model *model, bool checkpoint) {
    int64_t bound = 1 << 16;
    for (int64_t i = 0; i < fv_weights_count(fv_model_weights(model)); i++) {
        fv_role role;
        const char *name;
        const fv_tensor *tensor = fv_weights_at(fv_model_weights(model), i, &name, &role);
        if (checkpoint || role != FV_SLOT) bound += fv_type_bytes(&tensor->type) + 1024 + NAME_COPIES * (int64_t)strlen(name);
    }
    for (int i = 0; i < fv_model_section_count(model); i++)
        if (goes_in(fv_model_section_name(model, i), checkpoint))
            bound += (int64_t)strlen(fv_model_section(model, fv_model_section_name(model, i), NULL)) + 1024;
    return bound;
}

static fv_error *write_tensors(hid_t file, const fv_model *model, bool checkpoint) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("the list of a model's tensors", INT64_C(1) << 30, &arena));
    entry *entries;
    int64_t count, next = 0;
    FV_TRY(list_tensors(model, checkpoint, arena, &entries, &count));
    for (fv_role role = FV_PARAMETER; role <= (checkpoint ? FV_SLOT : FV_BUFFER); role++) {
        FV_HID(group, -1);
        FV_TRY(fv_hdf5_add_group(file, fv_role_groups[role], &group));
        for (; next < count && entries[next].role == role; next++) {
            FV_TEXT(link, 4096);
            fv_tensor_name_encode(entries[next].name, &link);
            FV_TRY(fv_text_error(&link));
            FV_TRY(fv_hdf5_add_tensor(group, link.at, entries[next].tensor));
        }
    }
    return NULL;
}

static fv_error *write_sections(hid_t file, const fv_model *model, bool checkpoint) {
    FV_HID(group, -1);
    FV_TRY(fv_hdf5_add_group(file, "sections", &group));
    for (int i = 0; i < fv_model_section_count(model); i++) {
        const char *name = fv_model_section_name(model, i);
        int version;
        const char *text = fv_model_section(model, name, &version);
        if (!goes_in(name, checkpoint)) continue;
        FV_HID(set, -1);
        FV_TRY(fv_hdf5_add_text(group, name, text, &set));
        FV_TRY(fv_hdf5_add_int_attribute(set, "version", version));
    }
    return NULL;
}

static fv_error *write_graph(hid_t file, const fv_model *model) {
    char *text = NULL;
    FV_TRY(fv_graph_to_text(fv_model_graph(model), &text));
    fv_error *error = fv_hdf5_add_text(file, "graph", text, NULL);
    fv_string_free(text);
    return error;
}

static fv_error *write_image(hid_t file, const fv_model *model, bool checkpoint) {
    FV_HID(root, H5Gopen2(file, "/", H5P_DEFAULT));
    FV_TRY(fv_hdf5_add_text_attribute(root, "format", "fovea model"));
    FV_TRY(fv_hdf5_add_int_attribute(root, "version", FV_MODEL_VERSION));
    FV_TRY(write_graph(file, model));
    FV_TRY(write_tensors(file, model, checkpoint));
    return write_sections(file, model, checkpoint);
}

static fv_error *make_image(const fv_model *model, bool checkpoint, fv_hdf5_image *image, int64_t *length) {
    int64_t bound = fv_model_encoded_bound(model, checkpoint);
    FV_TRY(fv_memory_probe(bound + HDF5_BYTES));
    FV_HDF5_LOCKED;
    FV_HID(file, -1);
    FV_TRY(fv_hdf5_create(image, bound, &file));
    FV_TRY(write_image(file, model, checkpoint));
    return fv_hdf5_finish(&file, length);
}

fv_error *fv_model_encode(const fv_model *model, bool checkpoint, uint8_t **bytes, int64_t *length) {
    fv_hdf5_image image = { 0 };
    fv_error *error = make_image(model, checkpoint, &image, length);
    if (!error && *length + FV_MODEL_TRAILER > image.capacity)
        error = fv_memory_grow((void **)&image.bytes, image.capacity, *length + FV_MODEL_TRAILER, 1);
    if (!error) error = fv_trailer_write(image.bytes, *length);
    if (error) {
        fv_memory_free(image.bytes);
        return error;
    }
    *length += FV_MODEL_TRAILER;
    *bytes = image.bytes;
    return NULL;
}

static fv_error *save(const fv_model *model, bool checkpoint, const char *path, const char *previous) {
    uint8_t *bytes = NULL;
    int64_t length = 0;
    FV_TRY(fv_error_wrap(fv_model_encode(model, checkpoint, &bytes, &length), "cannot write %s", path));
    fv_error *error = fv_file_write(path, bytes, length, previous);
    fv_memory_free(bytes);
    return error;
}

fv_error *fv_model_save(const fv_model *model, const char *path) { return save(model, false, path, NULL); }

fv_error *fv_model_save_checkpoint(const fv_model *model, const char *path, const char *previous) {
    return save(model, true, path, previous);
}
