/* loader.c - batches of pictures, made ahead by worker threads and handed out in order. */
#include "data/loader.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/base/size.h"

#define POLL_MS 50 /* between two looks at the cancel flag */
#define PROBES_MAX 100
#define NOTED_OF_A_PICTURE 2048 /* bytes, on average: 85 rows */
#define NOTED_MAX (INT64_C(64) << 20)

const fv_field fv_loader_fields[] = {
    FV_FIELD(fv_loader_options, batch, .by_default = "32", .min = 1, .max = 1 << 20, .help = "pictures in a batch"),
    FV_FIELD(fv_loader_options, workers, .max = FV_WORKERS_MAX,
             .help = "threads that read pictures; 0: none beside the caller's"),
    FV_FIELD(fv_loader_options, queue, .max = 1024, .help = "batches in memory at once; 0: 1 without workers, else 4"),
    FV_FIELD(fv_loader_options, cache, .max = INFINITY, .help = "bytes of decoded pictures kept for later epochs"),
    FV_FIELD(fv_loader_options, reduced,
             .help = "decode JPEG files at 1/2, 1/4 or 1/8 as far as the network's input is no larger: other pixels"),
    FV_FIELD(fv_loader_options, drop_last, .help = "leave out a last batch that is not full"),
    FV_FIELD(fv_loader_options, sampling, .by_default = "uniform", .names = "uniform,balanced,weighted",
             .help = "pictures of an epoch: each once; drawn, classes alike; drawn by the list's weights"),
    FV_FIELDS_END,
};

/* ---- making one ---- */

static fv_error *resolve(const fv_loader_options *options, const fv_subset *subset, fv_loader_options *out) {
    *out = options ? *options : (fv_loader_options){ 0 };
    if (!out->batch) out->batch = 32;
    if (out->number_scale == 0) out->number_scale = 1;
    if (!out->queue) out->queue = out->workers ? 4 : 1;
    if (!out->ranks) out->ranks = 1;
    if (!out->shards) out->shards = out->ranks;
    if (out->ranks < 1 || out->rank < 0 || out->rank >= out->ranks || out->shards < out->ranks || out->shards > INT32_MAX)
        return fv_fail(FV_USAGE, "rank %lld of %lld, and %lld shards", (long long)out->rank, (long long)out->ranks,
                       (long long)out->shards);
    FV_TRY(fv_error_wrap(fv_fields_check(fv_loader_fields, out, NULL), "loader"));
    int64_t count = fv_subset_count(subset);
    if (!count) return fv_fail(FV_USAGE, "there is no picture to load");
    if (count > UINT32_MAX) return fv_fail(FV_UNSUPPORTED, "more than %lld pictures in an epoch", (long long)UINT32_MAX);
    if (out->drop_last && count < out->batch)
        return fv_fail(FV_USAGE, "%lld pictures are less than a batch of %lld, and a batch that is not full is left out",
                       (long long)count, (long long)out->batch);
    return NULL;
}

/* The size of the first picture that can be read, where the transforms leave it open. */
static fv_error *probe(const fv_loader *loader, fv_size *before, fv_reader *reader) {
    const fv_subset *subset = loader->subset;
    fv_error *first = NULL;
    for (int64_t i = 0; i < fv_min(subset->count, PROBES_MAX); i++) {
        fv_error *error = fv_dataset_fetch(subset->set, subset->samples[i], &reader->bytes, &reader->image);
        if (!error) {
            fv_error_free(first);
            *before = fv_image_size(&reader->image);
            return NULL;
        }
        if (first) {
            fv_error_free(error);
        } else {
            first = fv_error_wrap(error, "%s", fv_dataset_id(subset->set, subset->samples[i]));
        }
    }
    return first;
}

static bool fits(int64_t wanted, int64_t given) { return !wanted || wanted == given; }

static fv_error *find_size(fv_loader *loader) {
    fv_size before = { 0, 0, fv_dataset_channels(loader->subset->set) }, want = loader->options.size, got;
    FV_TRY(fv_transforms_size(loader->transforms, loader->options.mode, before, &got));
    if (!got.height || !got.width || !got.channels) {
        FV_TRY(probe(loader, &before, &loader->reader));
        FV_TRY(fv_transforms_size(loader->transforms, loader->options.mode, before, &got));
    }
    loader->size = got;
    if (fits(want.height, got.height) && fits(want.width, got.width) && fits(want.channels, got.channels)) return NULL;
    fv_error *error =
        fv_fail(FV_SHAPE, "pictures come as %lld×%lld×%lld (height×width×channels), the network takes %lld×%lld×%lld",
                (long long)got.height, (long long)got.width, (long long)got.channels, (long long)want.height,
                (long long)want.width, (long long)want.channels);
    return fits(want.channels, got.channels)
               ? fv_error_hint(error, "end the transforms in \"resize size=%lld,%lld\" or a crop of that size",
                               (long long)want.height, (long long)want.width)
               : fv_error_hint(error, "open the data set with channels=%lld", (long long)want.channels);
}

static int64_t picture_floats(const fv_loader *loader) {
    return loader->size.height * loader->size.width * loader->size.channels;
}

static fv_error *make_slots(fv_loader *loader) {
    int64_t batch = loader->options.batch;
    FV_TRY(fv_memory_new(loader->options.queue, &loader->slots));
    for (int64_t i = 0; i < loader->options.queue; i++) {
        fv_slot *slot = &loader->slots[i];
        FV_TRY(fv_memory_alloc(batch, picture_floats(loader) * (int64_t)sizeof(float), (void **)&slot->images));
        if (loader->target_width) FV_TRY(fv_memory_new(batch * loader->target_width, &slot->targets));
        FV_TRY(fv_memory_new(batch, &slot->labels));
        FV_TRY(fv_memory_new(batch, &slot->samples));
        FV_TRY(fv_memory_new(batch, &slot->failed));
        FV_TRY(fv_memory_new(batch, &slot->broken));
    }
    return NULL;
}

static fv_error *make_noted(fv_loader *loader) {
    int64_t samples = loader->subset->set->samples.count;
    FV_TRY(fv_memory_alloc((int64_t)sizeof *loader->noted + samples * (int64_t)sizeof *loader->noted->at, 1,
                           (void **)&loader->noted));
    loader->noted->most = fv_min(loader->subset->count * NOTED_OF_A_PICTURE, NOTED_MAX);
    return NULL;
}

static void *worker(void *context);

/* Whether targets are more than class numbers, and how wide then. */
static fv_error *find_target(fv_loader *loader) {
    const fv_dataset *set = loader->subset->set;
    bool mixes = fv_transforms_mix(loader->transforms, loader->options.mode);
    fv_target_kind kind = fv_dataset_target(set, loader->subset->samples[0])->kind;
    bool by_class = kind == FV_TARGET_CLASSES || kind == FV_TARGET_SOFT || (kind == FV_TARGET_CLASS && mixes);
    if (by_class) loader->target_width = fv_dataset_class_count(set);
    if (kind == FV_TARGET_NUMBER) {
        FV_TRY(fv_transforms_mix_numbers(loader->transforms, loader->options.mode));
        loader->target_width = 1;
    }
    return mixes ? fv_memory_new(loader->subset->count, &loader->partners) : NULL;
}

static fv_error *check_reduced(const fv_loader *loader) {
    if (loader->options.cache)
        return fv_error_hint(fv_fail(FV_USAGE, "pictures kept for later epochs are whole, not reduced"),
                             "decode exactly, or without a cache");
    return fv_error_wrap(fv_transforms_reduce(loader->transforms, loader->options.mode), "decoding at less than the size");
}

static fv_error *set_up(fv_loader *loader) {
    fv_loader_options *o = &loader->options;
    int64_t count = loader->subset->count;
    FV_TRY(find_size(loader));
    if (o->reduced) FV_TRY(check_reduced(loader));
    FV_TRY(find_target(loader));
    loader->batches = o->drop_last ? count / o->batch : fv_ceil_div(count, o->batch);
    loader->grain = fv_min(fv_max(o->batch / (4 * fv_max(o->workers, 1)), 1), 64);
    FV_TRY(fv_memory_new(count, &loader->order));
    if (o->mode == FV_TRAINING && !o->in_order) FV_TRY(fv_sampler_new(loader->subset, o->sampling, o->seed, &loader->sampler));
    if (o->cache) FV_TRY(fv_cache_new(loader->subset->set->samples.count, o->cache, o->cache_folder, &loader->cache));
    FV_TRY(fv_memory_alloc(loader->subset->set->samples.count, 1, (void **)&loader->intact));
    FV_TRY(make_noted(loader));
    FV_TRY(make_slots(loader));
    loader->claimed_batch = loader->batches; /* nothing to do until an epoch starts */
    return fv_threads_start(&loader->threads, o->workers, "fovea-loader", worker, loader);
}

fv_error *fv_loader_new(const fv_subset *subset, const fv_transforms *transforms, const fv_loader_options *options,
                        fv_loader **out) {
    fv_loader_options resolved;
    FV_TRY(resolve(options, subset, &resolved));
    fv_loader *loader = NULL;
    FV_TRY(fv_memory_new(1, &loader));
    loader->subset = subset;
    loader->transforms = transforms;
    loader->options = resolved;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&loader->mutex, NULL);
    pthread_cond_init(&loader->work, NULL);
    pthread_cond_init(&loader->made, &monotonic);
    pthread_condattr_destroy(&monotonic);
    fv_error *error = set_up(loader);
    if (error) {
        fv_loader_free(loader);
        return error;
    }
    *out = loader;
    return NULL;
}

int64_t fv_loader_batches(const fv_loader *loader) { return loader->batches; }
int64_t fv_loader_target_width(const fv_loader *loader) { return loader->target_width; }
fv_size fv_loader_size(const fv_loader *loader) { return loader->size; }

fv_loader_times fv_loader_spent(fv_loader *loader) {
    pthread_mutex_lock(&loader->mutex);
    fv_loader_times times = loader->times;
    pthread_mutex_unlock(&loader->mutex);
    return times;
}

int64_t fv_loader_memory(const fv_loader *loader) {
    int64_t row =
        picture_floats(loader) * (int64_t)sizeof(float) + 2 * (int64_t)sizeof(int64_t) + 2 * (int64_t)sizeof(fv_error *);
    row += loader->target_width * (int64_t)sizeof(float);
    return loader->options.queue * loader->options.batch * row + (loader->options.cache_folder ? 0 : loader->options.cache) +
           loader->subset->set->samples.count * (1 + (int64_t)sizeof *loader->noted->at) + loader->noted->most +
           loader->subset->count * (int64_t)sizeof(int64_t) * (loader->partners ? 2 : 1) +
           (loader->sampler ? fv_sampler_memory(loader->sampler) : 0);
}

/* ---- workers ---- */

/* Pictures of a batch, and those of them that are loaded here. */
static int64_t count_of(const fv_loader *loader, int64_t batch) {
    return fv_min(loader->options.batch, loader->subset->count - batch * loader->options.batch);
}

static fv_share share_of(const fv_loader *loader, int64_t batch) {
    const fv_loader_options *o = &loader->options;
    return fv_share_of(count_of(loader, batch), (int)o->shards, (int)o->ranks, (int)o->rank);
}

/* The next rows that nobody works on; false when there are none, or their slot is not free. Under the mutex. */
static bool claim(fv_loader *loader, fv_slot **slot, int64_t *first, int64_t *count) {
    int64_t batch = loader->claimed_batch;
    if (batch >= loader->batches || batch >= loader->released + loader->options.queue) return false;
    *slot = &loader->slots[batch % loader->options.queue];
    if (!loader->claimed_row) {
        fv_share share = share_of(loader, batch);
        (*slot)->index = batch;
        (*slot)->first = batch * loader->options.batch + share.first;
        (*slot)->rows = (*slot)->pending = share.rows;
    }
    *first = loader->claimed_row;
    *count = fv_min(loader->grain, (*slot)->rows - *first);
    loader->claimed_row += *count;
    if (loader->claimed_row == (*slot)->rows) {
        loader->claimed_batch++;
        loader->claimed_row = 0;
    }
    return true;
}

/* Under the mutex. */
static void add_times(fv_loader *loader, fv_reader *reader) {
    fv_loader_times *sum = &loader->times, *more = &reader->times;
    sum->decode += more->decode;
    sum->augment += more->augment;
    sum->pictures += more->pictures;
    *more = (fv_loader_times){ 0 };
}

static void *worker(void *context) {
    fv_loader *loader = context;
    fv_reader reader = { 0 };
    pthread_mutex_lock(&loader->mutex);
    while (!loader->stop) {
        fv_slot *slot;
        int64_t first, count;
        if (!claim(loader, &slot, &first, &count)) {
            pthread_cond_wait(&loader->work, &loader->mutex);
            continue;
        }
        loader->busy++;
        pthread_mutex_unlock(&loader->mutex);
        for (int64_t row = first; row < first + count; row++) fv_loader_make_row(loader, slot, row, &reader);
        pthread_mutex_lock(&loader->mutex);
        slot->pending -= count;
        loader->busy--;
        add_times(loader, &reader);
        if (!slot->pending || !loader->busy) pthread_cond_signal(&loader->made);
    }
    pthread_mutex_unlock(&loader->mutex);
    fv_reader_release(&reader);
    return NULL;
}

/* ---- epochs ---- */

/* Waits until no worker is at it, with nothing left to claim, and forgets what was made. */
static void abandon(fv_loader *loader) {
    pthread_mutex_lock(&loader->mutex);
    loader->claimed_batch = loader->batches;
    loader->claimed_row = 0;
    while (loader->busy) pthread_cond_wait(&loader->made, &loader->mutex);
    pthread_mutex_unlock(&loader->mutex);
    for (int64_t i = 0; loader->slots && i < loader->options.queue; i++) {
        fv_slot *slot = &loader->slots[i];
        slot->index = -1;
        for (int64_t row = 0; slot->broken && row < loader->options.batch; row++) {
            fv_error_free(fv_take(&slot->failed[row]));
            fv_error_free(fv_take(&slot->broken[row]));
        }
    }
}

void fv_loader_free(fv_loader *loader) {
    if (!loader) return;
    abandon(loader);
    pthread_mutex_lock(&loader->mutex);
    loader->stop = true;
    pthread_cond_broadcast(&loader->work);
    pthread_mutex_unlock(&loader->mutex);
    fv_threads_join(&loader->threads);
    pthread_cond_destroy(&loader->made);
    pthread_cond_destroy(&loader->work);
    pthread_mutex_destroy(&loader->mutex);
    for (int64_t i = 0; loader->slots && i < loader->options.queue; i++) {
        const fv_slot *slot = &loader->slots[i];
        void *const parts[] = { slot->images, slot->targets, slot->labels, slot->samples, slot->failed, slot->broken };
        for (int p = 0; p < 6; p++) fv_memory_free(parts[p]);
    }
    fv_memory_free(loader->slots);
    fv_memory_free(loader->order);
    fv_sampler_free(loader->sampler);
    fv_memory_free(loader->partners);
    fv_cache_free(loader->cache);
    fv_memory_free((void *)loader->intact);
    for (int64_t i = 0; loader->noted && i < loader->subset->set->samples.count; i++)
        fv_memory_free(atomic_load(&loader->noted->at[i]));
    fv_memory_free(loader->noted);
    fv_reader_release(&loader->reader);
    fv_memory_free(loader);
}

/* The epoch's order: the sampler's in training, else the subset's. */
static void fill_order(fv_loader *loader) {
    if (loader->sampler)
        fv_sampler_order(loader->sampler, loader->epoch, loader->order);
    else
        memcpy(loader->order, loader->subset->samples, (size_t)loader->subset->count * sizeof *loader->order);
}

/* Which pictures are mixed: each with that of another place in a permutation of all, so that each is a partner once. */
static void fill_partners(fv_loader *loader) {
    if (!loader->partners) return;
    for (int64_t i = 0; i < loader->subset->count; i++) loader->partners[i] = i;
    fv_random random = fv_random_at((uint64_t)loader->options.seed, fv_random_stream("partners"), (uint32_t)loader->epoch, 0);
    fv_random_shuffle(&random, loader->partners, loader->subset->count);
}

fv_error *fv_loader_start(fv_loader *loader, int64_t epoch, int64_t first_batch) {
    if (epoch < 0 || epoch > UINT32_MAX || first_batch < 0 || first_batch > loader->batches)
        return fv_fail(FV_USAGE, "epoch %lld cannot start at batch %lld of %lld", (long long)epoch, (long long)first_batch,
                       (long long)loader->batches);
    abandon(loader);
    loader->epoch = epoch;
    fill_order(loader);
    fill_partners(loader);
    loader->running = true;
    loader->taken = first_batch;
    pthread_mutex_lock(&loader->mutex);
    loader->claimed_batch = loader->released = first_batch;
    pthread_cond_broadcast(&loader->work);
    pthread_mutex_unlock(&loader->mutex);
    return NULL;
}

/* ---- batches ---- */

static bool is_cancelled(const fv_loader *loader) {
    return loader->options.cancel && __atomic_load_n(loader->options.cancel, __ATOMIC_RELAXED);
}

/* Without workers the caller makes the batch. */
static void make_batch(fv_loader *loader) {
    fv_slot *slot;
    int64_t first, count;
    while (!is_cancelled(loader) && loader->claimed_batch == loader->taken && claim(loader, &slot, &first, &count)) {
        for (int64_t row = first; row < first + count; row++) fv_loader_make_row(loader, slot, row, &loader->reader);
        slot->pending -= count;
    }
}

/* With them it waits. True: the batch is there; false: cancelled before. */
static bool await_batch(fv_loader *loader, const fv_slot *slot) {
    double start = fv_clock_seconds();
    if (!loader->threads.count) make_batch(loader);
    pthread_mutex_lock(&loader->mutex);
    add_times(loader, &loader->reader);
    bool there;
    while (!(there = slot->index == loader->taken && !slot->pending) && !is_cancelled(loader)) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += POLL_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&loader->made, &loader->mutex, &until);
    }
    loader->times.wait += fv_clock_seconds() - start;
    pthread_mutex_unlock(&loader->mutex);
    return there;
}

static void release_batch(fv_loader *loader) {
    pthread_mutex_lock(&loader->mutex);
    loader->released = loader->taken;
    pthread_cond_broadcast(&loader->work);
    pthread_mutex_unlock(&loader->mutex);
}

/* Rows that could not be read: rejected by name; in evaluation taken out of the batch. The first row's error counts. */
static fv_error *settle(fv_loader *loader, fv_slot *slot) {
    fv_dataset *set = loader->subset->set;
    int64_t kept = 0, bytes = picture_floats(loader) * (int64_t)sizeof(float), rejected = 0;
    for (int64_t row = 0; row < slot->rows; row++) {
        fv_error *why = fv_take(&slot->failed[row]);
        bool left_out = why && loader->options.mode == FV_EVALUATION;
        if (why) {
            rejected++;
            FV_TRY(fv_dataset_reject(set, loader->order[slot->first + row], why));
        }
        FV_TRY(fv_take(&slot->broken[row]));
        if (left_out) continue;
        if (kept < row) {
            memcpy((char *)slot->images + kept * bytes, (char *)slot->images + row * bytes, (size_t)bytes);
            int64_t width = loader->target_width;
            if (width) memcpy(slot->targets + kept * width, slot->targets + row * width, (size_t)width * sizeof(float));
            slot->labels[kept] = slot->labels[row];
            slot->samples[kept] = slot->samples[row];
        }
        kept++;
    }
    loader->batch = (fv_batch){ .index = slot->index,
                                .count = kept,
                                .all = count_of(loader, slot->index),
                                .size = loader->size,
                                .images = slot->images,
                                .labels = slot->labels,
                                .samples = slot->samples,
                                .targets = slot->targets,
                                .target_width = loader->target_width };
    return rejected ? fv_dataset_check_bound(set) : NULL;
}

fv_error *fv_loader_next(fv_loader *loader, const fv_batch **batch) {
    *batch = NULL;
    while (loader->running) {
        release_batch(loader); /* those before this one are done with */
        loader->running = loader->taken < loader->batches;
        if (!loader->running) break;
        fv_slot *slot = &loader->slots[loader->taken % loader->options.queue];
        loader->running = await_batch(loader, slot);
        if (!loader->running) return fv_fail(FV_CANCELLED, "stopped while pictures were loaded");
        fv_error *error = settle(loader, slot);
        loader->running = !error;
        FV_TRY(error);
        loader->taken++;
        if (loader->batch.count || loader->options.ranks > 1) { /* the other ranks may have pictures where this one has none */
            *batch = &loader->batch;
            break;
        }
    }
    return NULL;
}
