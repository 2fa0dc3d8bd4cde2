/* tuning_weights.c - what a training takes over from the model that it starts from: network, transforms and size into the
 * recipe, tensors into the weights, parent and licences into the new model. Nothing is taken over in part without being said:
 * but for the head, a tensor that is missing, left over or of another shape is an error. */
#include <sodium.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "core/graph/node.h"
#include "data/transform.h"
#include "train/trainer.h"

#define STEPS_BYTES_MAX (1 << 20)
#define SMALL 64 /* pixels: pictures up to here are not cropped to a random part */

/* ---- transforms ---- */

static const fv_transform *transform_of(const char *line) {
    size_t length = strcspn(line, " \n");
    for (int i = 0; i < fv_transform_table_count; i++)
        if (strlen(fv_transform_table[i]->name) == length && !strncmp(fv_transform_table[i]->name, line, length))
            return fv_transform_table[i];
    return NULL; /* not of text that was parsed before */
}

/* In which mode a line of fv_transforms_to_text runs, which leaves out what is the default. */
static bool is_when(const char *line, const char *mode) {
    const char *said = strstr(line, "when="), *end = line + strcspn(line, "\n");
    if (said && said < end) return !strncmp(said + strlen("when="), mode, strlen(mode));
    const fv_transform *transform = transform_of(line);
    return transform && transform->fields[0].by_default && !strcmp(transform->fields[0].by_default, mode);
}

static const char *next_line(const char *line) { return line[strcspn(line, "\n")] ? line + strcspn(line, "\n") + 1 : ""; }

static bool any_training(const char *steps) {
    for (const char *line = steps; *line; line = next_line(line))
        if (is_when(line, "training")) return true;
    return false;
}

static bool normalizes(const char *line) {
    const fv_transform *transform = transform_of(line);
    return transform && transform->normalizes;
}

/* The filter that the weights' pictures are resized by. */
static void add_filter(const char *steps, fv_text *out) {
    for (const char *line = steps; *line; line = next_line(line)) {
        const char *said = strstr(line, "filter="), *end = line + strcspn(line, "\n");
        if (said && said < end) return fv_text_addf(out, " %.*s", (int)strcspn(said, " \n"), said);
    }
}

/* Steps of evaluation alone, as weights of others come with, and before them what pictures are varied by in training. */
static fv_error *with_augmentation(const char *steps, fv_size size, fv_text *out) {
    long long height = size.height, width = size.width;
    bool small = height <= SMALL && width <= SMALL;
    if (!small) {
        fv_text_addf(out, "random_resized_crop size=%lld,%lld scale=0.25,1", height, width);
        add_filter(steps, out);
        fv_text_add(out, "\nhflip\n");
    }
    for (const char *line = steps; *line; line = next_line(line)) {
        int length = (int)strcspn(line, "\n");
        if (normalizes(line) && small)
            fv_text_addf(out, "random_crop size=%lld,%lld padding=%lld mode=reflect\nhflip\n", height, width, height / 12 + 1);
        bool evaluation = !small && !normalizes(line) && !is_when(line, "evaluation");
        fv_text_addf(out, "%.*s%s\n", length, line, evaluation ? " when=evaluation" : "");
    }
    return fv_text_error(out);
}

static fv_error *choose_transforms(fv_trainer *t, const fv_signature_section *signature) {
    fv_transforms_section section;
    FV_OWNED(fv_transforms) parsed = NULL;
    FV_TEXT(steps, STEPS_BYTES_MAX);
    char *lines;
    if (t->keys->transforms) return NULL;
    if (t->keys->size[0] != signature->height || t->keys->size[1] != signature->width)
        return fv_error_hint(fv_fail(FV_USAGE, "the weights' transforms give %lld×%lld, but size is %lld×%lld",
                                     (long long)signature->height, (long long)signature->width, (long long)t->keys->size[0],
                                     (long long)t->keys->size[1]),
                             "leave size out, or say transforms for another one");
    FV_TRY(fv_section_read(t->tuning.parent, &fv_section_transforms, &section, t->arena));
    FV_TRY(fv_transforms_parse(section.steps, &parsed));
    FV_TRY(fv_transforms_to_text(parsed, &lines));
    bool own = any_training(lines);
    fv_error *error = own ? (fv_text_add(&steps, lines), NULL)
                          : with_augmentation(lines, (fv_size){ signature->height, signature->width, 0 }, &steps);
    fv_string_free(lines);
    FV_TRY(error);
    for (int64_t i = 0; i + 1 < steps.length; i++)
        if (steps.at[i] == '\n') steps.at[i] = ';';
    FV_TRY(fv_text_error(&steps));
    fv_trainer_say(t, "transforms: the weights' own%s", own ? "" : ", with a random crop and a flip in training");
    return fv_arena_format(t->arena, &t->recipe->keys.transforms, "%.*s", (int)strcspn(steps.at, "\n"), steps.at);
}

/* ---- the recipe ---- */

/* Options of a network that the recipe has keys for, or takes from the data. */
static bool is_told_elsewhere(const char *option) {
    static const char *const told[] = { "classes=", "size=", "channels=" };
    for (int i = 0; i < FV_COUNT(told); i++)
        if (!strncmp(option, told[i], strlen(told[i]))) return true;
    return false;
}

/* Of weights that were imported. */
static fv_error *arch_of_origin(fv_trainer *t, const char **out) {
    fv_origin_section origin = { 0 };
    FV_TEXT(arch, 4096);
    if (!fv_model_section(t->tuning.parent, fv_section_origin.name, NULL)) return NULL;
    FV_TRY(fv_section_read(t->tuning.parent, &fv_section_origin, &origin, t->arena));
    for (const char *word = origin.arch ? origin.arch : ""; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (!is_told_elsewhere(word)) fv_text_addf(&arch, "%s%.*s", arch.length ? " " : "", (int)length, word);
        word += length;
    }
    FV_TRY(fv_text_error(&arch));
    return arch.length ? fv_arena_text(t->arena, arch.at, out) : NULL;
}

/* The network's text, without what comes from the data and the key size. */
static fv_error *choose_arch(fv_trainer *t, const fv_signature_section *signature) {
    fv_recipe_keys was, *k = &t->recipe->keys;
    if (!k->arch && fv_model_section(t->tuning.parent, fv_section_recipe.name, NULL)) {
        FV_TRY(fv_section_read(t->tuning.parent, &fv_section_recipe, &was, t->arena));
        k->arch = was.arch;
    }
    if (!k->arch) FV_TRY(arch_of_origin(t, &k->arch));
    if (!k->arch)
        return fv_error_hint(fv_fail(FV_FORMAT, "%s does not say which network it is", k->weights), "say it: --arch NAME");
    if (!k->channels) k->channels = signature->channels;
    if (!k->size[0] || !k->size[1]) k->size[0] = signature->height, k->size[1] = signature->width;
    return NULL;
}

static fv_error *identify(fv_trainer *t) {
    unsigned char hash[32];
    uint8_t *bytes;
    int64_t length;
    char *text;
    FV_TRY(fv_arena_take(t->arena, 2 * (int64_t)sizeof hash + 1, &text));
    FV_TRY(fv_file_read(t->keys->weights, FV_MODEL_BYTES_MAX, &bytes, &length));
    crypto_generichash(hash, sizeof hash, bytes, (unsigned long long)length, NULL, 0);
    fv_memory_free(bytes);
    t->tuning.digest = sodium_bin2hex(text, 2 * sizeof hash + 1, hash, sizeof hash);
    return NULL;
}

static fv_error *read_parent(fv_trainer *t) {
    fv_tuning *tuning = &t->tuning;
    fv_signature_section signature;
    FV_TRY(fv_section_read(tuning->parent, &fv_section_signature, &signature, t->arena));
    if (fv_model_section(tuning->parent, fv_section_classes.name, NULL))
        FV_TRY(fv_section_read(tuning->parent, &fv_section_classes, &tuning->known, t->arena));
    FV_TRY(choose_arch(t, &signature));
    fv_trainer_say(t, "weights: %s (%.12s): %s for %lld classes at %lld×%lld×%lld", t->keys->weights, tuning->digest,
                   t->keys->arch, (long long)signature.classes, (long long)signature.height, (long long)signature.width,
                   (long long)signature.channels);
    if (t->keys->keep_classes && !t->keys->old_classes.count) t->recipe->keys.old_classes = tuning->known.names;
    return choose_transforms(t, &signature);
}

fv_error *fv_trainer_open_weights(fv_trainer *t) {
    if (!t->keys->weights || t->options->resume) return NULL;
    FV_TRY(identify(t));
    FV_TRY(fv_model_load(t->keys->weights, &t->tuning.parent));
    return fv_error_wrap(read_parent(t), "cannot start from %s", t->keys->weights);
}

fv_error *fv_trainer_order_classes(fv_trainer *t) {
    const fv_strings *old = &t->keys->old_classes;
    int64_t count = 0, own = fv_dataset_class_count(t->set);
    const char **names;
    if (!old->count) return NULL;
    FV_TRY(fv_arena_take(t->arena, old->count + own, &names));
    for (; count < old->count; count++) names[count] = old->at[count];
    for (int64_t c = 0; c < own; c++) {
        const char *name = fv_dataset_class_name(t->set, c);
        bool there = false;
        for (int64_t i = 0; i < old->count && !there; i++) there = !strcmp(names[i], name);
        if (!there) FV_TRY(fv_arena_text(t->arena, name, &names[count++]));
    }
    return fv_dataset_impose_classes(t->set, names, count);
}

/* ---- tensors ---- */

static bool is_of_head(const fv_trainer *t, const char *name) {
    return fv_block_of(&t->tuning.blocks, name) == t->tuning.blocks.count - 1;
}

/* The tensor into the model's weights, unless it is the head's. */
static fv_error *take_tensor(const fv_trainer *t, const char *name, const fv_tensor *from, fv_role role) {
    fv_value state = fv_graph_find(fv_model_graph(t->model), name);
    char has[256], wants[256];
    fv_tensor *to;
    if (role == FV_SLOT || is_of_head(t, name)) return NULL;
    if (!fv_is_value(state))
        return fv_error_hint(fv_fail(FV_FORMAT, "%s has a tensor %s, which %s has not", t->keys->weights, name, t->keys->arch),
                             "--arch names the network that the weights are of");
    const fv_type *type = fv_value_type(fv_model_graph(t->model), state);
    if (!fv_type_equal(type, &from->type))
        return fv_fail(FV_FORMAT, "%s: %s is %s, but %s wants %s", t->keys->weights, name, fv_type_format(&from->type, has),
                       t->keys->arch, fv_type_format(type, wants));
    FV_TRY(fv_weights_add(fv_model_weights(t->model), name, type, role, &to));
    memcpy(to->data, from->data, (size_t)fv_type_bytes(type));
    return NULL;
}

/* The old head's tensors have names of their own where its network had more layers behind "features" than this one. */
static fv_error *check_missing(const fv_trainer *t) {
    const fv_graph *graph = fv_model_graph(t->model);
    for (int32_t n = 0; n < graph->count; n++) {
        const fv_node *node = graph->nodes[n];
        if (!fv_node_is(node, "state") || is_of_head(t, node->name)) continue;
        if (!fv_weights_find(fv_model_weights(t->model), node->name))
            return fv_fail(FV_FORMAT, "%s has no tensor %s, which %s needs", t->keys->weights, node->name, t->keys->arch);
    }
    return NULL;
}

fv_error *fv_trainer_take_weights(fv_trainer *t) {
    if (!t->tuning.parent) return NULL;
    fv_weights *from = fv_model_weights(t->tuning.parent);
    for (int64_t i = 0; i < fv_weights_count(from); i++) {
        const char *name;
        fv_role role;
        const fv_tensor *tensor = fv_weights_at(from, i, &name, &role);
        FV_TRY(take_tensor(t, name, tensor, role));
    }
    return check_missing(t);
}

/* ---- the model that comes of it ---- */

/* What the parent was made from, each under its licence; then the pictures. `from`: the parent, or a checkpoint, which has of
 * the parent's licences what is called so. */
static fv_error *write_licences(fv_trainer *t, const fv_model *from) {
    fv_licence_section old = { 0 };
    const char **of, **licences;
    int64_t count = 0;
    if (fv_model_section(from, fv_section_licence.name, NULL))
        FV_TRY(fv_section_read(from, &fv_section_licence, &old, t->arena));
    if (old.of.count != old.licences.count) return fv_fail(FV_FORMAT, "its section licence is damaged");
    FV_TRY(fv_arena_take(t->arena, old.of.count + 1, &of));
    FV_TRY(fv_arena_take(t->arena, old.of.count + 1, &licences));
    for (int64_t i = 0; i < old.of.count; i++) {
        bool carried = !strncmp(old.of.at[i], "weights", strlen("weights"));
        if (!carried && from != t->tuning.parent) continue;
        FV_TRY(fv_arena_format(t->arena, &of[count], "%s%s", carried ? "" : "weights: ", old.of.at[i]));
        licences[count] = old.licences.at[i];
        fv_trainer_say(t, "licence of %s: %s", of[count], licences[count]);
        count++;
    }
    if (t->keys->licence) of[count] = "training data", licences[count++] = t->keys->licence;
    if (!count) return NULL;
    return fv_section_write(t->model, &fv_section_licence, &(fv_licence_section){ { count, of }, { count, licences } });
}

static fv_error *carry(fv_trainer *t, const fv_model *from, const fv_section *section) {
    int version = 0;
    const char *text = fv_model_section(from, section->name, &version);
    return text ? fv_model_set_section(t->model, section->name, version, text) : NULL;
}

/* Whose weights they were, and what is kept of pictures where the recipe leaves that open. */
static fv_error *carry_all(fv_trainer *t, const fv_model *from) {
    FV_TRY(carry(t, from, &fv_section_origin));
    return t->keys->log_pictures < 0 ? carry(t, from, &fv_section_log) : NULL;
}

fv_error *fv_trainer_write_lineage(fv_trainer *t) {
    if (!t->tuning.parent) return NULL;
    FV_TRY(carry_all(t, t->tuning.parent));
    fv_lineage_section lineage = { t->tuning.digest, t->keys->arch, t->tuning.known.names };
    FV_TRY(fv_section_write(t->model, &fv_section_lineage, &lineage));
    return fv_error_wrap(write_licences(t, t->tuning.parent), "%s", t->keys->weights);
}

fv_error *fv_trainer_keep_lineage(fv_trainer *t, const fv_model *checkpoint) {
    int version = 0;
    const char *text = fv_model_section(checkpoint, fv_section_lineage.name, &version);
    if (!text) return NULL;
    FV_TRY(fv_model_set_section(t->model, fv_section_lineage.name, version, text));
    FV_TRY(carry_all(t, checkpoint));
    return write_licences(t, checkpoint);
}
