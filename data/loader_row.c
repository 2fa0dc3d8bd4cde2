/* loader_row.c - one row of a batch: from a position in the epoch to numbers in place. */
#include <string.h>

#include "data/loader.h"

#define REPLACEMENTS_MAX 100 /* unreadable pictures one after the other */

void fv_reader_release(fv_reader *reader) {
    fv_bytes_release(&reader->bytes);
    fv_image_release(&reader->image);
    fv_workspace_release(&reader->work);
}

fv_error *fv_loader_fetch(const fv_loader *loader, int64_t sample, fv_reader *reader) {
    bool found = false;
    if (loader->cache) FV_TRY(fv_cache_get(loader->cache, sample, &reader->image, &found));
    if (found) return NULL;
    FV_TRY(fv_dataset_fetch(loader->subset->set, sample, &reader->bytes, &reader->image));
    if (loader->cache) fv_cache_put(loader->cache, sample, &reader->image);
    return NULL;
}

/* The next readable picture in the epoch's order, going round. */
static fv_error *fetch_replacement(const fv_loader *loader, int64_t position, fv_reader *reader, int64_t *sample) {
    for (int64_t i = 1; i <= REPLACEMENTS_MAX && i < loader->subset->count; i++) {
        *sample = loader->order[(position + i) % loader->subset->count];
        fv_error *error = fv_loader_fetch(loader, *sample, reader);
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

static fv_error *store(const fv_loader *loader, fv_slot *slot, int64_t row, int64_t sample, fv_reader *reader) {
    int64_t position = slot->index * loader->options.batch + row;
    fv_draw draw = { (uint64_t)loader->options.seed, (uint32_t)loader->epoch, (uint32_t)position, sample };
    FV_TRY(fv_transforms_run(loader->transforms, loader->options.mode, &draw, &reader->work, &reader->image));
    FV_TRY(check_size(loader, &reader->image));
    int64_t bytes = fv_image_bytes(&reader->image);
    memcpy((char *)slot->images + row * bytes, reader->image.pixels, (size_t)bytes);
    slot->labels[row] = fv_dataset_class(loader->subset->set, sample);
    slot->samples[row] = sample;
    return NULL;
}

void fv_loader_make_row(const fv_loader *loader, fv_slot *slot, int64_t row, fv_reader *reader) {
    int64_t position = slot->index * loader->options.batch + row, sample = loader->order[position];
    slot->samples[row] = sample;
    fv_error *error = fv_loader_fetch(loader, sample, reader);
    if (error && fv_is_about_sample(error)) {
        slot->failed[row] = error;
        if (loader->options.mode == FV_EVALUATION) return; /* left out */
        error = fetch_replacement(loader, position, reader, &sample);
    }
    if (!error) error = store(loader, slot, row, sample, reader);
    slot->broken[row] = fv_error_wrap(error, "%s", fv_dataset_id(loader->subset->set, sample));
}
