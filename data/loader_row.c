/* loader_row.c - one row of a batch: from a position in the epoch to numbers in place. */
#include <string.h>

#include "data/loader.h"

#define REPLACEMENTS_MAX 100 /* unreadable pictures one after the other */

void fv_reader_release(fv_reader *reader) {
    fv_bytes_release(&reader->bytes);
    fv_image_release(&reader->image);
    fv_image_release(&reader->partner);
    fv_workspace_release(&reader->work);
}

fv_error *fv_loader_fetch(const fv_loader *loader, int64_t sample, fv_bytes *bytes, fv_image *image) {
    bool found = false;
    if (loader->cache) FV_TRY(fv_cache_get(loader->cache, sample, image, &found));
    if (found) return NULL;
    FV_TRY(fv_dataset_fetch(loader->subset->set, sample, bytes, image));
    if (loader->cache) fv_cache_put(loader->cache, sample, image);
    return NULL;
}

/* The next readable picture in the epoch's order, going round. */
static fv_error *fetch_replacement(const fv_loader *loader, int64_t position, fv_bytes *bytes, fv_image *image,
                                   int64_t *sample) {
    for (int64_t i = 1; i <= REPLACEMENTS_MAX && i < loader->subset->count; i++) {
        *sample = loader->order[(position + i) % loader->subset->count];
        fv_error *error = fv_loader_fetch(loader, *sample, bytes, image);
        if (!error || !fv_is_about_sample(error)) return error;
        fv_error_free(error); /* its own row says so */
    }
    return fv_fail(FV_FORMAT, "neither %s nor the pictures after it can be read",
                   fv_dataset_id(loader->subset->set, loader->order[position]));
}

static fv_error *check_size(const fv_loader *loader, const fv_image *image) {
    fv_size want = loader->size, got = fv_image_size(image);
    if (got.height == want.height && got.width == want.width && got.channels == want.channels) return NULL;
    return fv_error_hint(fv_fail(FV_SHAPE, "a picture of %lld×%lld×%lld among those of %lld×%lld×%lld", (long long)got.height,
                                 (long long)got.width, (long long)got.channels, (long long)want.height, (long long)want.width,
                                 (long long)want.channels),
                         "end the transforms in one size, e.g. by \"resize size=%lld,%lld\"", (long long)want.height,
                         (long long)want.width);
}

static fv_draw draw_of(const fv_loader *loader, int64_t position, int64_t sample) {
    return (fv_draw){ (uint64_t)loader->options.seed, (uint32_t)loader->epoch, (uint32_t)position, sample };
}

/* ---- targets and partners ---- */

/* Adds `share` of a sample's target to a row. */
static void add_target(const fv_loader *loader, int64_t sample, float share, float *row) {
    const fv_target *target = fv_dataset_target(loader->subset->set, sample);
    if (target->kind == FV_TARGET_CLASS) row[target->class_index] += share;
    if (target->kind == FV_TARGET_NUMBER)
        row[0] += share * (float)((target->number - loader->options.number_mean) / loader->options.number_scale);
    for (int64_t i = 0; target->kind == FV_TARGET_CLASSES && i < target->classes.count; i++)
        row[target->classes.at[i]] += share;
    for (int64_t i = 0; target->kind == FV_TARGET_SOFT && i < target->soft.count; i++) row[i] += share * target->soft.at[i];
}

/* Which picture is mixed in: of the position that the epoch's permutation pairs with `position`. */
typedef struct partner_of {
    const fv_loader *loader;
    fv_reader *reader;
    int64_t position, sample; /* sample: out */
} partner_of;

static fv_error *fetch_partner(void *context, fv_image *image, fv_draw *draw) {
    partner_of *p = context;
    const fv_loader *loader = p->loader;
    int64_t position = loader->partners[p->position];
    p->sample = loader->order[position];
    fv_error *error = fv_loader_fetch(loader, p->sample, &p->reader->bytes, image);
    if (error && fv_is_about_sample(error)) {
        fv_error_free(error); /* its own row says so */
        error = fetch_replacement(loader, position, &p->reader->bytes, image, &p->sample);
    }
    *draw = draw_of(loader, position, p->sample);
    return error;
}

static fv_error *store(const fv_loader *loader, fv_slot *slot, int64_t row, int64_t sample, fv_reader *reader) {
    int64_t position = slot->first + row;
    fv_draw draw = draw_of(loader, position, sample);
    partner_of other = { loader, reader, position, -1 };
    fv_pairing pairing = { .partner = fetch_partner, .context = &other, .image = &reader->partner };
    FV_TRY(fv_transforms_run_paired(loader->transforms, loader->options.mode, &draw, &reader->work, &reader->image,
                                    loader->partners ? &pairing : NULL));
    FV_TRY(check_size(loader, &reader->image));
    int64_t bytes = fv_image_bytes(&reader->image);
    memcpy((char *)slot->images + row * bytes, reader->image.pixels, (size_t)bytes);
    if (slot->targets) {
        float *target = slot->targets + row * loader->target_width;
        memset(target, 0, (size_t)loader->target_width * sizeof *target);
        add_target(loader, sample, other.sample < 0 ? 1 : (float)pairing.share, target);
        if (other.sample >= 0) add_target(loader, other.sample, (float)(1 - pairing.share), target);
    }
    slot->labels[row] = fv_dataset_class(loader->subset->set, sample);
    slot->samples[row] = sample;
    return NULL;
}

void fv_loader_make_row(const fv_loader *loader, fv_slot *slot, int64_t row, fv_reader *reader) {
    int64_t position = slot->first + row, sample = loader->order[position];
    slot->samples[row] = sample;
    fv_error *error = fv_loader_fetch(loader, sample, &reader->bytes, &reader->image);
    if (error && fv_is_about_sample(error)) {
        slot->failed[row] = error;
        if (loader->options.mode == FV_EVALUATION) return; /* left out */
        error = fetch_replacement(loader, position, &reader->bytes, &reader->image, &sample);
    }
    if (!error) error = store(loader, slot, row, sample, reader);
    slot->broken[row] = fv_error_wrap(error, "%s", fv_dataset_id(loader->subset->set, sample));
}
