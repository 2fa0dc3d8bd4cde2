/* model.c - a model in memory: a graph, its tensors, named text sections kept sorted by name. */
#include "core/formats/model_file.h"

#include <string.h>

#include "core/base/size.h"
#include "core/formats/model_trailer.h"

#define SECTIONS_MAX 64
#define SECTION_BYTES_MAX (1 << 28)

typedef struct section {
    char *name, *text;
    int version;
} section;

struct fv_model {
    fv_graph *graph;
    fv_weights *weights;
    section *sections; /* sorted by name */
    int section_count;
    char hash[FV_TRAILER_HASH_LETTERS];
    fv_private_copy file; /* whose bytes the weights lie in; NULL: they have memory of their own */
};

fv_error *fv_model_new(const fv_graph *graph, fv_model **out) {
    FV_OWNED(fv_model) model = NULL;
    FV_TRY(fv_memory_new(1, &model));
    FV_TRY(fv_memory_new(SECTIONS_MAX, &model->sections));
    FV_TRY(fv_graph_clone(graph, &model->graph));
    FV_TRY(fv_weights_new(&model->weights));
    *out = fv_take(&model);
    return NULL;
}

static void release_section(section *s) {
    fv_memory_free(s->name);
    fv_memory_free(s->text);
}

void fv_model_free(fv_model *model) {
    if (!model) return;
    for (int i = 0; i < model->section_count; i++) release_section(&model->sections[i]);
    fv_memory_free(model->sections);
    fv_graph_free(model->graph);
    fv_weights_free(model->weights);
    fv_private_copy_release(&model->file);
    fv_memory_free(model);
}

void fv_model_keep(fv_model *model, fv_private_copy *file) {
    fv_private_copy_release(&model->file);
    model->file = *file;
    *file = (fv_private_copy){ 0 };
}

void fv_model_set_hash(fv_model *model, const uint8_t *bytes, int64_t length) { fv_trailer_hash(bytes, length, model->hash); }

const char *fv_model_hash(const fv_model *model) { return model->hash; }
const fv_graph *fv_model_graph(const fv_model *model) { return model->graph; }
fv_weights *fv_model_weights(const fv_model *model) { return model->weights; }

/* The index of the section `name`, or where it would stand. */
static int place_of(const fv_model *model, const char *name, bool *found) {
    int i = 0, order = -1;
    while (i < model->section_count && (order = strcmp(model->sections[i].name, name)) < 0) i++;
    *found = i < model->section_count && order == 0;
    return i;
}

const char *fv_model_section(const fv_model *model, const char *name, int *version) {
    bool found;
    int i = place_of(model, name, &found);
    if (!found) return NULL;
    if (version) *version = model->sections[i].version;
    return model->sections[i].text;
}

static fv_error *copy_text(const char *text, char **out) {
    size_t bytes = strlen(text) + 1;
    FV_TRY(fv_memory_new((int64_t)bytes, out));
    memcpy(*out, text, bytes);
    return NULL;
}

static bool name_is_good(const char *name) {
    size_t length = strlen(name);
    return length && length <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static void remove_section(fv_model *model, int i) {
    release_section(&model->sections[i]);
    model->section_count--;
    memmove(model->sections + i, model->sections + i + 1, (size_t)(model->section_count - i) * sizeof(section));
}

fv_error *fv_model_set_section(fv_model *model, const char *name, int version, const char *text) {
    bool found;
    int i = place_of(model, name, &found);
    if (!text) {
        if (found) remove_section(model, i);
        return NULL;
    }
    if (!name_is_good(name)) return fv_fail(FV_USAGE, "a section of a model cannot be called \"%s\"", name);
    if (strlen(text) > SECTION_BYTES_MAX)
        return fv_fail(FV_MEMORY, "section %s has more than %d bytes", name, SECTION_BYTES_MAX);
    section fresh = { .version = version };
    fv_error *error = copy_text(name, &fresh.name);
    if (!error) error = copy_text(text, &fresh.text);
    if (!error && !found && model->section_count == SECTIONS_MAX)
        error = fv_fail(FV_MEMORY, "a model has at most %d sections", SECTIONS_MAX);
    if (error) {
        release_section(&fresh);
        return error;
    }
    if (found) remove_section(model, i);
    memmove(model->sections + i + 1, model->sections + i, (size_t)(model->section_count - i) * sizeof(section));
    model->sections[i] = fresh;
    model->section_count++;
    return NULL;
}

int fv_model_section_count(const fv_model *model) { return model->section_count; }
const char *fv_model_section_name(const fv_model *model, int index) { return model->sections[index].name; }

fv_error *fv_section_write(fv_model *model, const fv_section *section, const void *options) {
    FV_TEXT(text, SECTION_BYTES_MAX);
    fv_fields_to_json(section->fields, options, &text);
    FV_TRY(fv_text_error(&text));
    return fv_model_set_section(model, section->name, section->version, text.at);
}

static fv_error *upgrade(const fv_section *section, int version, const char *text, fv_text *out) {
    if (version > section->version)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "section %s has version %d; this fovea reads it up to version %d",
                                     section->name, version, section->version),
                             "use a newer fovea");
    if (version < 1 || !section->upgrade)
        return fv_fail(FV_FORMAT, "there was no version %d of section %s", version, section->name);
    FV_TRY(fv_error_wrap(section->upgrade(version, text, out), "section %s of version %d", section->name, version));
    return fv_text_error(out);
}

fv_error *fv_section_read(const fv_model *model, const fv_section *section, void *options, fv_arena *arena) {
    int version;
    FV_TEXT(upgraded, SECTION_BYTES_MAX);
    const char *text = fv_model_section(model, section->name, &version);
    if (!text) return fv_fail(FV_NOT_FOUND, "the model has no section %s", section->name);
    if (version != section->version) {
        FV_TRY(upgrade(section, version, text, &upgraded));
        text = upgraded.at;
    }
    FV_TRY(fv_fields_defaults(section->fields, options, arena));
    return fv_fields_from_json(section->fields, options, text, section->name, arena);
}
