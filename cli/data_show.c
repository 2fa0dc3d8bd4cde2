/* data_show.c - fovea data show: what transforms make of pictures. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/contact_sheet.h"
#include "core/base/file.h"
#include "core/base/size.h"
#include "data/image.h"
#include "data/transform.h"
#include "train/recipe.h"

typedef struct show_options {
    const char *what, *transforms, *steps, *out, *source, *source_options;
    int64_t pictures, samples, seed, cell;
} show_options;

static const fv_field fields[] = {
    FV_FIELD(show_options, what, .positional = true, .value = "DIR",
             .help = "pictures, or one picture; without it the data of the recipe"),
    FV_FIELD(show_options, transforms, .flag = "t", .value = "RECIPE.yaml", .help = "a recipe: its transforms are shown"),
    FV_FIELD(show_options, steps, .value = "STEPS", .help = "transforms as text, divided by ';' (`fovea help transform`)"),
    FV_FIELD(show_options, out, .flag = "o", .required = true, .value = "FILE.png", .help = "the picture that is written"),
    FV_FIELD(show_options, pictures, .by_default = "6", .flag = "n", .min = 1, .max = 64,
             .help = "of a data set, spread evenly over it"),
    FV_FIELD(show_options, samples, .by_default = "0", .min = 0, .max = 256,
             .help = "of each picture; 0: 7 of each, or 16 of one"),
    FV_FIELD(show_options, seed, .by_default = "0", .flag = "s", .min = 0, .max = 2147483647, .help = "of what is random"),
    FV_FIELD(show_options, cell, .by_default = "112", .min = 16, .max = 1024,
             .help = "pixels that a picture may have each way"),
    FV_FIELD(show_options, source, .help = "format of the data (`fovea help source`); without it the data tell"),
    FV_FIELD(show_options, source_options, .help = "options of that source, name=value …"),
    FV_FIELDS_END
};

/* ---- which transforms ---- */

/* The steps without those that leave a scale of their own, which cannot be shown: text form, one a line. */
static fv_error *without_normalize(const fv_transforms *transforms, fv_transforms **out) {
    char *text;
    FV_TEXT(kept, 1 << 20);
    FV_TRY(fv_transforms_to_text(transforms, &text));
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n"), name = strcspn(line, " \n");
        bool shown = true;
        for (int i = 0; i < fv_transform_table_count; i++) {
            const fv_transform *t = fv_transform_table[i];
            if (strlen(t->name) == name && !strncmp(t->name, line, name)) shown = !t->normalizes;
        }
        if (shown) fv_text_addf(&kept, "%.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    fv_string_free(text);
    FV_TRY(fv_text_error(&kept));
    return fv_transforms_parse(kept.at, out);
}

static fv_error *choose_transforms(const show_options *o, const fv_recipe *recipe, fv_transforms **out) {
    FV_OWNED(fv_transforms) whole = NULL;
    const char *steps = o->steps ? o->steps : recipe->keys.transforms;
    if (!o->steps && !o->transforms)
        return fv_error_hint(fv_fail(FV_USAGE, "there are no transforms to show"),
                             "name a recipe by --transforms, or steps by --steps \"rotate degrees=-30,30\"");
    if (!steps)
        return fv_error_hint(fv_fail(FV_USAGE, "%s names no transforms: they are chosen by the network's size", o->transforms),
                             "name some in it, or steps by --steps");
    FV_TRY(fv_transforms_parse(steps, &whole));
    return without_normalize(whole, out);
}

/* ---- which pictures ---- */

static fv_error *open_data(const show_options *o, const fv_recipe *recipe, fv_dataset **set, bool *single) {
    const char *what = o->what ? o->what : recipe->keys.data;
    fv_dataset_options options = { .source = o->source ? o->source : recipe->keys.source,
                                   .source_options = o->source_options ? o->source_options : recipe->keys.source_options,
                                   .channels = recipe->keys.channels,
                                   .allow_dropped = true };
    if (!what) return fv_error_hint(fv_fail(FV_USAGE, "there are no pictures to show"), "name a folder, or one picture");
    *single = !options.source && fv_file_kind_of(what) == FV_FILE_PLAIN && o->what;
    return *single ? fv_dataset_of_paths(&what, 1, &options, set) : fv_dataset_open(what, &options, set);
}

/* ---- the sheet ---- */

/* The file's name, and the class where there is one. */
static fv_error *add_original(fv_contact_sheet *sheet, const fv_dataset *set, int64_t sample, const fv_image *image) {
    const char *id = fv_dataset_id(set, sample), *slash = strrchr(id, '/');
    int64_t label = fv_dataset_class(set, sample);
    FV_TEXT(caption, 4096);
    FV_IMAGE(bytes);
    fv_text_addf(&caption, "%s\n%s", slash ? slash + 1 : id, label >= 0 ? fv_dataset_class_name(set, label) : "");
    FV_TRY(fv_image_copy(&bytes, fv_image_size(image), image->pixel, image->pixels));
    fv_image_to_bytes(&bytes);
    return fv_contact_sheet_add(sheet, &bytes, caption.at, FV_TONE_PLAIN);
}

/* Transforms end in 0…1; sheets take 0…255. */
static void widen(fv_image *image) {
    float *pixels = image->pixels;
    for (int64_t i = 0, n = image->height * image->width * image->channels; i < n; i++) pixels[i] *= 255;
}

static fv_error *add_samples(fv_contact_sheet *sheet, const show_options *o, const fv_transforms *transforms, int64_t samples,
                             int64_t position, const fv_image *image) {
    FV_IMAGE(copy);
    for (int64_t k = 0; k < samples; k++) {
        fv_draw draw = { .seed = (uint64_t)o->seed, .epoch = (uint32_t)k, .position = (uint32_t)position };
        FV_TRY(fv_image_copy(&copy, fv_image_size(image), image->pixel, image->pixels));
        FV_TRY(fv_transforms_apply(transforms, FV_TRAINING, &draw, &copy));
        widen(&copy);
        FV_TRY(fv_contact_sheet_add(sheet, &copy, NULL, FV_TONE_PLAIN));
    }
    return NULL;
}

/* ---- samples that are mixed with others ---- */

/* Whose shares a mixed picture has, the two largest: "ring 70 %", "cross 30 %". */
static void describe_target(const fv_dataset *set, const fv_batch *batch, fv_text *out) {
    int64_t classes = fv_dataset_class_count(set);
    if (batch->target_width != classes) { /* a number */
        if (batch->target_width == 1) fv_text_addf(out, "%.4g", batch->targets[0]);
        return;
    }
    int64_t first = 0, second = -1;
    for (int64_t c = 1; c < classes; c++) {
        if (batch->targets[c] > batch->targets[first])
            second = first, first = c;
        else if (second < 0 || batch->targets[c] > batch->targets[second])
            second = c;
    }
    fv_text_addf(out, "%s %.0f %%", fv_dataset_class_name(set, first), 100 * batch->targets[first]);
    if (second >= 0 && batch->targets[second] >= 0.005F)
        fv_text_addf(out, "\n%s %.0f %%", fv_dataset_class_name(set, second), 100 * batch->targets[second]);
}

/* The picture at `position`, as epochs 0, 1, 2 … have it: each with the partner that the epoch gives it. */
static fv_error *add_mixed(fv_contact_sheet *sheet, fv_loader *loader, const fv_dataset *set, int64_t samples,
                           int64_t position) {
    FV_IMAGE(image);
    for (int64_t k = 0; k < samples; k++) {
        const fv_batch *batch;
        FV_TEXT(caption, 4096);
        FV_TRY(fv_loader_start(loader, k, position));
        FV_TRY(fv_loader_next(loader, &batch));
        FV_TRY(fv_image_copy(&image, batch->size, FV_PIXEL_F32, batch->images));
        widen(&image);
        describe_target(set, batch, &caption);
        FV_TRY(fv_contact_sheet_add(sheet, &image, caption.at, FV_TONE_PLAIN));
    }
    return NULL;
}

/* A loader of the pictures in their order, one at a time; NULL where no step mixes. */
static fv_error *open_mixer(const show_options *o, const fv_subset *subset, const fv_transforms *transforms, fv_loader **out) {
    if (!fv_transforms_mix(transforms, FV_TRAINING)) return NULL;
    if (fv_subset_count(subset) < 2)
        return fv_error_hint(fv_fail(FV_USAGE, "these steps mix a picture with another one, and there is one alone"),
                             "name a folder of several");
    return fv_loader_new(subset, transforms, &(fv_loader_options){ .batch = 1, .in_order = true, .seed = o->seed }, out);
}

static fv_error *show(const show_options *o, fv_dataset *set, bool single, const fv_transforms *transforms, fv_arena *arena,
                      fv_contact_sheet *sheet) {
    FV_OWNED(fv_subset) subset = NULL;
    FV_OWNED(fv_loader) mixer = NULL;
    FV_IMAGE(image);
    int64_t samples = o->samples ? o->samples : single ? 16 : 7;
    *sheet = (fv_contact_sheet){ .arena = arena, .cell = o->cell };
    FV_TRY(fv_subset_part(set, fv_dataset_has_part(set, "train") ? "train" : NULL, &subset));
    FV_TRY(open_mixer(o, subset, transforms, &mixer));
    int64_t all = fv_subset_count(subset), count = fv_min(o->pictures, all);
    for (int64_t i = 0; i < count; i++) {
        int64_t position = (2 * i + 1) * all / (2 * count), sample = fv_subset_at(subset, position);
        FV_TRY(fv_dataset_read(set, sample, &image));
        FV_TRY(add_original(sheet, set, sample, &image));
        fv_error *error =
            mixer ? add_mixed(sheet, mixer, set, samples, position) : add_samples(sheet, o, transforms, samples, i, &image);
        FV_TRY(fv_error_wrap(error, "%s", fv_dataset_id(set, sample)));
    }
    return fv_contact_sheet_write(sheet, "first as it is, then as training sees it", single ? 6 : samples + 1, o->out);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const show_options *o = raw;
    FV_OWNED(fv_recipe) recipe = NULL;
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_contact_sheet sheet;
    bool single = false;
    FV_TRY(fv_recipe_new(&recipe));
    if (o->transforms) FV_TRY(fv_recipe_read(recipe, o->transforms));
    FV_TRY(choose_transforms(o, recipe, &transforms));
    FV_TRY(open_data(o, recipe, &set, &single));
    FV_TRY(fv_arena_new("a sheet of pictures", INT64_C(1) << 32, &arena));
    FV_TRY(show(o, set, single, transforms, arena, &sheet));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "out", o->out);
    fv_print_int(call->printer, "cells", sheet.count);
    fv_print_record_end(call->printer);
    return NULL;
}

const fv_command fv_command_data_show = {
    .name = "data show",
    .summary = "draw what transforms make of pictures",
    .arguments = "DIR --transforms RECIPE.yaml --out FILE.png [options]",
    .description =
        "A row a picture: as it is, then several times as training sees it, each with random numbers of its own. Of one\n"
        "picture, 16 samples. Where steps mix two pictures (mixup, cutmix), each sample is one of another epoch with the\n"
        "partner it has there, and whose shares its target has is said below. Steps that only rescale numbers (normalize)\n"
        "are left out.",
    .fields = fields,
    .size = sizeof(show_options),
    .run = run,
};
