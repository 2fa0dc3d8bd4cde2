/* transforms.c - the list of steps from a decoded picture to a network's input: its text form, the size it gives, running it.
 */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "data/transform.h"

#define ARENA_CAP ((int64_t)1 << 20)
#define STEPS_MAX 64

typedef struct step {
    const fv_transform *transform;
    const void *options;
    uint32_t stream; /* of its random numbers: from its name and its number among its likes */
} step;

struct fv_transforms {
    fv_arena *arena;
    int count;
    step steps[STEPS_MAX];
};

static const fv_part *part_at(int index) { return &fv_transform_table[index]->part; }
static fv_parts parts(void) { return (fv_parts){ "transform", fv_transform_table_count, part_at }; }

static fv_error *transforms_new(fv_transforms **out) {
    FV_OWNED(fv_transforms) list = NULL;
    FV_TRY(fv_memory_new(1, &list));
    FV_TRY(fv_arena_new("transforms", ARENA_CAP, &list->arena));
    *out = fv_take(&list);
    return NULL;
}

void fv_transforms_free(fv_transforms *transforms) {
    if (!transforms) return;
    fv_arena_free(transforms->arena);
    fv_memory_free(transforms);
}

fv_error *fv_range_check(const char *name, const double range[2]) {
    if (range[0] <= range[1]) return NULL;
    return fv_fail(FV_USAGE, "%s must be given smallest first", name);
}

static fv_error *add_step(fv_transforms *list, int index, const void *options) {
    const fv_transform *transform = fv_transform_table[index];
    if (list->count == STEPS_MAX) return fv_fail(FV_USAGE, "more than %d transforms", STEPS_MAX);
    FV_ASSERT(transform->fields[0].offset == 0 && !strcmp(transform->fields[0].name, "when"));
    if (transform->check) FV_TRY(fv_error_wrap(transform->check(options), "transform %s", transform->name));
    int likes = 0;
    for (int i = 0; i < list->count; i++) likes += list->steps[i].transform == transform;
    const char *stream = NULL;
    FV_TRY(fv_arena_format(list->arena, &stream, "transform %s %d", transform->name, likes));
    list->steps[list->count++] = (step){ transform, options, fv_random_stream(stream) };
    return NULL;
}

/* ---- text form ---- */

/* The end of the step that begins at `text`: a ';', newline or '#' outside quotes, or the end. */
static const char *step_end(const char *text) {
    for (bool quoted = false; *text; text++) {
        if (quoted && *text == '\\' && text[1])
            text++;
        else if (*text == '"')
            quoted = !quoted;
        else if (!quoted && strchr(";\n#", *text))
            break;
    }
    return text;
}

static fv_error *add_text(fv_transforms *list, const char *text, int64_t length) {
    const char *line = NULL;
    FV_TRY(fv_arena_format(list->arena, &line, "%.*s", (int)length, text));
    if (!line[strspn(line, " \t\r")]) return NULL;
    fv_parts all = parts();
    void *options = NULL;
    int index;
    FV_TRY(fv_part_parse(&all, line, list->arena, &index, &options));
    return add_step(list, index, options);
}

fv_error *fv_transforms_parse(const char *text, fv_transforms **out) {
    FV_OWNED(fv_transforms) list = NULL;
    FV_TRY(transforms_new(&list));
    while (*text) {
        const char *end = step_end(text);
        FV_TRY(add_text(list, text, end - text));
        if (*end == '#') end += strcspn(end, "\n");
        text = *end ? end + 1 : end;
    }
    *out = fv_take(&list);
    return NULL;
}

fv_error *fv_transforms_to_text(const fv_transforms *transforms, char **out) {
    FV_TEXT(text, ARENA_CAP);
    for (int i = 0; i < transforms->count; i++) {
        const step *s = &transforms->steps[i];
        FV_TEXT(options, ARENA_CAP);
        fv_fields_print(s->transform->fields, s->options, &options);
        FV_TRY(fv_text_error(&options));
        fv_text_addf(&text, "%s%s%s\n", s->transform->name, options.length ? " " : "", options.length ? options.at : "");
    }
    return fv_text_string(&text, out);
}

static fv_error *add_yaml(fv_transforms *list, const fv_yaml *item, const char *where) {
    bool alone = item->kind == FV_YAML_SCALAR && item->scalar, map = item->kind == FV_YAML_MAP && item->count == 1;
    if (!alone && !map)
        return fv_error_hint(fv_fail(FV_USAGE, "%s:%d: a transform is a name, or a name with options", where, item->line),
                             "write \"- hflip\" or \"- resize: {size: 32}\"");
    fv_parts all = parts();
    int index;
    FV_TRY(fv_error_wrap(fv_part_find(&all, alone ? item->scalar : item->keys[0], list->arena, &index), "%s:%d", where,
                         item->line));
    const fv_transform *transform = fv_transform_table[index];
    void *options = NULL;
    bool given[FV_FIELDS_MAX] = { false };
    FV_TRY(fv_arena_alloc(list->arena, fv_fields_size(transform->fields), 1, &options));
    FV_TRY(fv_fields_defaults(transform->fields, options, list->arena));
    if (map) FV_TRY(fv_fields_from_yaml(transform->fields, options, item->items[0], where, given, list->arena));
    FV_TRY(fv_error_wrap(fv_fields_check(transform->fields, options, given), "%s:%d: transform %s", where, item->line,
                         transform->name));
    return fv_error_wrap(add_step(list, index, options), "%s:%d", where, item->line);
}

fv_error *fv_transforms_from_yaml(const fv_yaml *yaml, const char *where, fv_transforms **out) {
    FV_OWNED(fv_transforms) list = NULL;
    FV_TRY(transforms_new(&list));
    bool nothing = yaml->kind == FV_YAML_SCALAR && !yaml->scalar;
    if (yaml->kind != FV_YAML_LIST && !nothing)
        return fv_fail(FV_USAGE, "%s:%d: transforms are a list, one \"- name: {options}\" each", where, yaml->line);
    for (int64_t i = 0; !nothing && i < yaml->count; i++) FV_TRY(add_yaml(list, yaml->items[i], where));
    *out = fv_take(&list);
    return NULL;
}

/* ---- running ---- */

static bool runs(const step *s, fv_mode mode) {
    fv_when when = *(const int *)s->options;
    return when == FV_WHEN_ALWAYS || (when == FV_WHEN_TRAINING) == (mode == FV_TRAINING);
}

fv_error *fv_transforms_size(const fv_transforms *transforms, fv_mode mode, fv_size before, fv_size *after) {
    for (int i = 0; i < transforms->count; i++) {
        const step *s = &transforms->steps[i];
        if (!runs(s, mode) || !s->transform->size) continue;
        FV_TRY(fv_error_wrap(s->transform->size(s->options, &before), "transform %s", s->transform->name));
    }
    *after = before;
    return NULL;
}

/* The steps that a list begins with and that can work on a part of their picture, each in turn, views[i] before the i-th and
 * views[count] after the last: their pictures' sizes, and what of them is needed, so that the last gives a whole picture.
 * Returns how many. */
static int plan_leading(const fv_transforms *transforms, int count, fv_mode mode, const fv_draw *key, fv_size size,
                        fv_view *views) {
    const step *leading[STEPS_MAX];
    int steps = 0;
    views[0] = fv_view_whole(size.height, size.width);
    for (int i = 0; i < count; i++) {
        const step *s = &transforms->steps[i];
        if (!runs(s, mode)) continue;
        if (!s->transform->region) break;
        fv_error *error = s->transform->size ? s->transform->size(s->options, &size) : NULL;
        if (error) {
            fv_error_free(error); /* `apply` will say so */
            break;
        }
        leading[steps++] = s;
        views[steps] = fv_view_whole(size.height, size.width);
    }
    for (int i = steps - 1; i >= 0; i--) {
        fv_random random = fv_random_at(key->seed, leading[i]->stream, key->epoch, key->position);
        fv_size before = { views[i].height, views[i].width, size.channels };
        views[i].box = leading[i]->transform->region(leading[i]->options, &random, before, views[i + 1].box);
    }
    return steps;
}

fv_box_of_pixels fv_transforms_region(const fv_transforms *transforms, fv_mode mode, const fv_draw *draw, fv_size before) {
    fv_view views[STEPS_MAX + 1];
    fv_draw key = draw ? *draw : (fv_draw){ 0 };
    plan_leading(transforms, transforms->count, mode, &key, before, views);
    return views[0].box;
}

fv_error *fv_transforms_reduce(const fv_transforms *transforms, fv_mode mode) {
    int first = 0;
    while (first < transforms->count && !runs(&transforms->steps[first], mode)) first++;
    if (first < transforms->count && transforms->steps[first].transform->rescales) return NULL;
    fv_error *error = first < transforms->count ? fv_fail(FV_USAGE, "transform %s counts in pixels of the picture",
                                                          transforms->steps[first].transform->name)
                                                : fv_fail(FV_USAGE, "no transform changes the picture's size");
    return fv_error_hint(error, "decode exactly, or begin with resize or random_resized_crop");
}

void fv_workspace_release(fv_workspace *work) {
    fv_image_release(&work->spare);
    fv_image_release(&work->fill);
    fv_image_release(&work->numbers);
    fv_image_release(&work->bytes);
    fv_image_release(&work->normal);
    fv_resample_release(&work->resample);
}

/* u16 → f32 on the scale 0…255, which every transform takes. */
static fv_error *widen(fv_image *image, fv_workspace *work) {
    FV_TRY(fv_image_resize(&work->spare, image->height, image->width, image->channels, FV_PIXEL_F32));
    const uint16_t *from = image->pixels;
    float *to = work->spare.pixels;
    for (int64_t i = 0, n = image->height * image->width * image->channels; i < n; i++) to[i] = (float)from[i] / 257.0f;
    fv_image_swap(image, &work->spare);
    return NULL;
}

/* What a list without normalize ends in: 0…1. */
static fv_error *to_unit(fv_image *image, fv_workspace *work) {
    int64_t count = image->height * image->width * image->channels;
    if (image->pixel == FV_PIXEL_U8) {
        FV_TRY(fv_image_resize(&work->spare, image->height, image->width, image->channels, FV_PIXEL_F32));
        const uint8_t *from = image->pixels;
        float *to = work->spare.pixels;
        for (int64_t i = 0; i < count; i++) to[i] = (float)from[i] / 255.0f;
        fv_image_swap(image, &work->spare);
    } else {
        float *at = image->pixels;
        for (int64_t i = 0; i < count; i++) at[i] /= 255.0f;
    }
    return NULL;
}

/* Both pictures of a pair as f32 on the scale 0…255, unless they are normalised already. */
static fv_error *to_float(fv_image *image, fv_workspace *work) {
    if (image->pixel != FV_PIXEL_U8) return NULL;
    FV_TRY(fv_image_resize(&work->spare, image->height, image->width, image->channels, FV_PIXEL_F32));
    const uint8_t *from = image->pixels;
    float *to = work->spare.pixels;
    for (int64_t i = 0, n = image->height * image->width * image->channels; i < n; i++) to[i] = (float)from[i];
    fv_image_swap(image, &work->spare);
    return NULL;
}

static fv_error *run_steps(const fv_transforms *transforms, int count, fv_mode mode, const fv_draw *key, fv_workspace *work,
                           fv_image *image, const fv_view *held, fv_pairing *pairing, fv_destination *to);

/* Prepares the partner by the steps before this one, as it would be in its own place, and mixes. */
static fv_error *pair(const fv_transforms *transforms, int index, fv_mode mode, fv_random *random, fv_workspace *work,
                      fv_image *image, fv_pairing *pairing) {
    const step *s = &transforms->steps[index];
    fv_draw draw;
    fv_view held;
    fv_image *partner = pairing->image;
    FV_TRY(pairing->partner(pairing->context, partner, &held, &draw));
    FV_TRY(run_steps(transforms, index, mode, &draw, work, partner, &held, NULL, NULL));
    if (image->height != partner->height || image->width != partner->width || image->channels != partner->channels)
        return fv_error_hint(fv_fail(FV_SHAPE, "transform %s mixes %lld×%lld×%lld with %lld×%lld×%lld", s->transform->name,
                                     (long long)image->height, (long long)image->width, (long long)image->channels,
                                     (long long)partner->height, (long long)partner->width, (long long)partner->channels),
                             "put resize or a crop before it, so that all pictures have one size");
    FV_TRY(to_float(image, work));
    FV_TRY(to_float(partner, work));
    fv_pair_call call = { .options = s->options, .random = random, .image = image, .partner = partner, .share = 1 };
    FV_TRY(fv_error_wrap(s->transform->mix(&call), "transform %s", s->transform->name));
    pairing->share = call.share;
    return NULL;
}

static int last_step(const fv_transforms *transforms, fv_mode mode) {
    int last = transforms->count - 1;
    while (last >= 0 && !runs(&transforms->steps[last], mode)) last--;
    return last;
}

static bool can_write(const step *s, const fv_image *image, const fv_destination *to) {
    return s->transform->write && image->pixel == FV_PIXEL_U8 && image->height == to->size.height &&
           image->width == to->size.width && image->channels == to->size.channels;
}

/* The first `count` steps, and what must follow them when they are all. */
static fv_error *run_steps(const fv_transforms *transforms, int count, fv_mode mode, const fv_draw *key, fv_workspace *work,
                           fv_image *image, const fv_view *held, fv_pairing *pairing, fv_destination *to) {
    bool normalized = false, mixed = false;
    fv_view all = held ? *held : fv_view_whole(image->height, image->width);
    fv_view views[STEPS_MAX + 1];
    fv_size size = { all.height, all.width, image->channels };
    int leading = plan_leading(transforms, count, mode, key, size, views), led = 0;
    int last = to ? last_step(transforms, mode) : -1;
    FV_ASSERT(fv_box_is_inside(views[0].box, all.box));
    views[0] = all;
    if (image->pixel == FV_PIXEL_U16) FV_TRY(widen(image, work));
    for (int i = 0; i < count; i++) {
        const step *s = &transforms->steps[i];
        if (!runs(s, mode)) continue;
        fv_random random = fv_random_at(key->seed, s->stream, key->epoch, key->position);
        normalized |= s->transform->normalizes;
        if (s->transform->mix) {
            if (!pairing || mixed || !s->transform->pairs(s->options, &random)) continue;
            FV_TRY(pair(transforms, i, mode, &random, work, image, pairing));
            mixed = true;
            continue;
        }
        fv_transform_call call = { s->options, &random, key, image, work, NULL, NULL };
        if (led < leading) {
            call.held = &views[led++];
            call.wanted = &views[led].box;
        }
        if (i == last && can_write(s, image, to)) {
            s->transform->write(s->options, image, to->to);
            to->written = true;
            return NULL;
        }
        FV_TRY(fv_error_wrap(s->transform->apply(&call), "transform %s", s->transform->name));
    }
    return normalized || count < transforms->count ? NULL : to_unit(image, work);
}

bool fv_transforms_mix(const fv_transforms *transforms, fv_mode mode) {
    for (int i = 0; i < transforms->count; i++)
        if (transforms->steps[i].transform->mix && runs(&transforms->steps[i], mode)) return true;
    return false;
}

fv_error *fv_transforms_mix_numbers(const fv_transforms *transforms, fv_mode mode) {
    for (int i = 0; i < transforms->count; i++) {
        const step *s = &transforms->steps[i];
        if (s->transform->parts && runs(s, mode))
            return fv_error_hint(fv_fail(FV_USAGE,
                                         "transform %s shows parts of two pictures, which do not say what number they make",
                                         s->transform->name),
                                 "mixup blends whole pictures, and their numbers by the same shares");
    }
    return NULL;
}

fv_error *fv_transforms_run_paired(const fv_transforms *transforms, fv_mode mode, const fv_draw *draw, fv_workspace *work,
                                   fv_image *image, const fv_view *held, fv_pairing *pairing, fv_destination *to) {
    fv_draw key = draw ? *draw : (fv_draw){ 0 };
    if (pairing) pairing->share = 1;
    return run_steps(transforms, transforms->count, mode, &key, work, image, held, pairing, to);
}

fv_error *fv_transforms_run(const fv_transforms *transforms, fv_mode mode, const fv_draw *draw, fv_workspace *work,
                            fv_image *image) {
    return fv_transforms_run_paired(transforms, mode, draw, work, image, NULL, NULL, NULL);
}

fv_error *fv_transforms_apply(const fv_transforms *transforms, fv_mode mode, const fv_draw *draw, fv_image *image) {
    __attribute__((cleanup(fv_workspace_release))) fv_workspace work = { 0 };
    return fv_transforms_run(transforms, mode, draw, &work, image);
}
