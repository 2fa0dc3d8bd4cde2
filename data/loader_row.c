/* loader_row.c - one row of a batch: from a position in the epoch to numbers in place. */
#include <stdatomic.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/memory.h"
#include "data/loader.h"

#define REPLACEMENTS_MAX 100 /* unreadable pictures one after the other */

void fv_reader_release(fv_reader *reader) {
    fv_bytes_release(&reader->bytes);
    fv_image_release(&reader->image);
    fv_image_release(&reader->partner);
    fv_workspace_release(&reader->work);
}

/* A row's picture, or its partner's, on its way. */
typedef struct picture {
    const fv_loader *loader;
    fv_draw draw; /* which sample, and its random numbers */
    fv_image *image;
    fv_view held; /* what of it `image` holds */
} picture;

static fv_box_of_pixels region_of(const void *context, int64_t height, int64_t width) {
    const picture *p = context;
    fv_size size = { height, width, 0 };
    return fv_transforms_region(p->loader->transforms, p->loader->options.mode, &p->draw, size);
}

/* As far as what the transforms read of the picture is no smaller than the network's input, either way. */
static int64_t reduce_by(const void *context, int64_t height, int64_t width) {
    const picture *p = context;
    fv_size want = p->loader->size;
    fv_box_of_pixels read = region_of(context, height, width);
    int64_t by = 8;
    while (by > 1 && (read.height / by < want.height || read.width / by < want.width)) by /= 2;
    return by;
}

/* Keeps a copy, if it still fits; without memory none. Of two threads with the same picture the first one's stays. */
static void keep_rows(const void *context, const fv_jpeg_rows *rows) {
    const picture *p = context;
    fv_noted *noted = p->loader->noted;
    int64_t bytes = fv_jpeg_rows_bytes(rows);
    fv_jpeg_rows *copy = NULL, *nothing = NULL;
    if (atomic_fetch_add(&noted->bytes, bytes) + bytes <= noted->most) copy = fv_memory_try(1, bytes);
    if (copy) {
        memcpy(copy, rows, (size_t)bytes);
        if (atomic_compare_exchange_strong(&noted->at[p->draw.sample], &nothing, copy)) return;
    }
    fv_memory_free(copy);
    atomic_fetch_sub(&noted->bytes, bytes);
}

/* Its picture, decoded, from the cache or from disk. What is to be kept is decoded as a whole. */
static fv_error *fetch(picture *p, fv_bytes *bytes) {
    const fv_dataset *set = p->loader->subset->set;
    fv_cache *cache = p->loader->cache;
    _Atomic uint8_t *intact = &p->loader->intact[p->draw.sample];
    fv_interest interest = { .region = region_of,
                             .context = p,
                             .reduce = p->loader->options.reduced ? reduce_by : NULL,
                             .known_whole = atomic_load_explicit(intact, memory_order_relaxed),
                             .rows = atomic_load_explicit(&p->loader->noted->at[p->draw.sample], memory_order_acquire),
                             .keep = p->loader->options.mode == FV_TRAINING ? keep_rows : NULL };
    if (!cache) {
        FV_TRY(fv_dataset_fetch_part(set, p->draw.sample, &interest, bytes, &p->held, p->image));
        atomic_store_explicit(intact, 1, memory_order_relaxed);
        return NULL;
    }
    bool found;
    FV_TRY(fv_cache_get(cache, p->draw.sample, p->image, &found));
    if (!found) {
        FV_TRY(fv_dataset_fetch(set, p->draw.sample, bytes, p->image));
        fv_cache_put(cache, p->draw.sample, p->image);
    }
    p->held = fv_view_whole(p->image->height, p->image->width);
    return NULL;
}

/* The next readable picture in the epoch's order, going round. */
static fv_error *fetch_replacement(picture *p, fv_bytes *bytes) {
    const fv_loader *loader = p->loader;
    int64_t position = p->draw.position;
    for (int64_t i = 1; i <= REPLACEMENTS_MAX && i < loader->subset->count; i++) {
        p->draw.sample = loader->order[(position + i) % loader->subset->count];
        fv_error *error = fetch(p, bytes);
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

static picture picture_at(const fv_loader *loader, int64_t position, fv_image *image) {
    fv_draw draw = { (uint64_t)loader->options.seed, (uint32_t)loader->epoch, (uint32_t)position, loader->order[position] };
    return (picture){ .loader = loader, .draw = draw, .image = image };
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

static fv_error *fetch_partner(void *context, fv_image *image, fv_view *held, fv_draw *draw) {
    partner_of *other = context;
    picture p = picture_at(other->loader, other->loader->partners[other->position], image);
    fv_error *error = fetch(&p, &other->reader->bytes);
    if (error && fv_is_about_sample(error)) {
        fv_error_free(error); /* its own row says so */
        error = fetch_replacement(&p, &other->reader->bytes);
    }
    other->sample = p.draw.sample;
    *held = p.held;
    *draw = p.draw;
    return error;
}

static fv_error *store(const picture *p, fv_slot *slot, int64_t row, fv_reader *reader) {
    const fv_loader *loader = p->loader;
    int64_t sample = p->draw.sample;
    partner_of other = { loader, reader, p->draw.position, -1 };
    fv_pairing pairing = { .partner = fetch_partner, .context = &other, .image = &reader->partner };
    int64_t count = loader->size.height * loader->size.width * loader->size.channels;
    fv_destination to = { loader->size, slot->images + row * count, false };
    FV_TRY(fv_transforms_run_paired(loader->transforms, loader->options.mode, &p->draw, &reader->work, &reader->image, &p->held,
                                    loader->partners ? &pairing : NULL, &to));
    if (!to.written) {
        FV_TRY(check_size(loader, &reader->image));
        memcpy(to.to, reader->image.pixels, (size_t)count * sizeof *to.to);
    }
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
    picture p = picture_at(loader, slot->first + row, &reader->image);
    slot->samples[row] = p.draw.sample;
    double start = fv_clock_seconds(), decoded;
    fv_error *error = fetch(&p, &reader->bytes);
    if (error && fv_is_about_sample(error)) {
        slot->failed[row] = error;
        if (loader->options.mode == FV_EVALUATION) return; /* left out */
        error = fetch_replacement(&p, &reader->bytes);
    }
    decoded = fv_clock_seconds();
    if (!error) error = store(&p, slot, row, reader);
    reader->times.decode += decoded - start;
    reader->times.augment += fv_clock_seconds() - decoded;
    reader->times.pictures++;
    slot->broken[row] = fv_error_wrap(error, "%s", fv_dataset_id(loader->subset->set, p.draw.sample));
}
