/* fovea/data.h - labelled pictures: decoding, transforms, data sets, the loader.
 *
 *   FV_OWNED(fv_dataset) set = NULL;
 *   FV_TRY(fv_dataset_open("photos", &(fv_dataset_options){ .channels = 3 }, &set));
 *   fv_subset *all = NULL, *train = NULL, *val = NULL;                     (FV_OWNED each)
 *   FV_TRY(fv_subset_part(set, NULL, &all));
 *   FV_TRY(fv_subset_split(all, &(fv_split_options){ .fraction = 0.2, .seed = 7 }, &train, &val));
 *   FV_OWNED(fv_transforms) transforms = NULL;
 *   FV_TRY(fv_transforms_parse("resize size=32,32; hflip; normalize mean=0.5 std=0.5", &transforms));
 *   FV_OWNED(fv_loader) loader = NULL;
 *   FV_TRY(fv_loader_new(train, transforms, &(fv_loader_options){ .batch = 64, .workers = 2, .seed = 7 }, &loader));
 *   FV_TRY(fv_loader_start(loader, epoch, 0));
 *   for (const fv_batch *batch;;) {
 *       FV_TRY(fv_loader_next(loader, &batch));
 *       if (!batch) break;
 *       … batch->images, batch->labels …
 *   }
 *
 * Pictures are height × width × channels in row order (HWC), batches NHWC. Nothing is lost silently: what cannot be used is
 * kept with its reason (fv_dataset_rejected) and logged. A folder that is read is never written to.
 * Options structs: zero (NULL, false) in every member is the default.
 * Errors: FV_NOT_FOUND, FV_DENIED, FV_IO with the path; FV_FORMAT: a file that is not what it says, by name; FV_UNSUPPORTED: a
 * format or feature that this build cannot read, by name.
 * Thread rule: an object is used by one thread at a time, but fv_image_decode*, fv_transforms_apply and fv_dataset_read may be
 * called by many at once, on one const object. */
#ifndef FOVEA_DATA_H
#define FOVEA_DATA_H

#include <stdbool.h>

#include "fovea/error.h"
#include "fovea/mode.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- pictures ---- */

/* u16 spans 0…65535; f32 spans 0…255 while transforms run on it (so that each of them has one scale), whatever afterwards. */
typedef enum fv_pixel { FV_PIXEL_U8, FV_PIXEL_U16, FV_PIXEL_F32 } fv_pixel;

/* An open value: `fv_image image = {0};`, then fv_image_release. Memory is kept and reused by the next picture put into it.
 * Invariant: pixels holds height · width · channels elements in row order, without padding. */
typedef struct fv_image {
    int64_t height, width, channels;
    fv_pixel pixel;
    void *pixels;
    int64_t capacity; /* bytes at `pixels` */
} fv_image;
/* Gives it that size; contents undefined. */
FV_API FV_MUST_USE fv_error *fv_image_resize(fv_image *image, int64_t height, int64_t width, int64_t channels, fv_pixel pixel);
FV_API void fv_image_release(fv_image *image);
FV_API int64_t fv_pixel_size(fv_pixel pixel); /* bytes: 1, 2, 4 */

#define FV_CHANNELS_MAX 65535

/* What a picture looks like, in numbers that a monitor follows: docs/drift.md says how each is measured. NaN: undefined, of a
 * picture of fewer than three rows or columns. */
enum {
    FV_ASPECT_RATIO, /* height / width */
    FV_AREA,         /* pixels */
    FV_BRIGHTNESS,   /* 0…1 */
    FV_CONTRAST,     /* RMS, 0…1 */
    FV_RED,          /* mean share of the three, 0…1 */
    FV_GREEN,
    FV_BLUE,
    FV_SATURATION, /* 0…1 */
    FV_SHARPNESS,  /* variance of the Laplacian */
    FV_NOISE,      /* standard deviation, levels of 255 */
    FV_ENTROPY,    /* of grey, bits */
    FV_IMAGE_PROPERTY_COUNT
};
typedef struct fv_image_properties {
    float at[FV_IMAGE_PROPERTY_COUNT];
} fv_image_properties;
FV_API const char *fv_image_property_name(int property); /* "aspect_ratio", … */

typedef struct fv_decode_options {
    /* 0: as stored, grey or RGB (alpha dropped) or bands; 1, 3: converted; 4: with alpha (255 where there is none). Bands (what
     * a file does not call grey, colours or alpha; more than 4 channels always) are never converted: the number must be theirs.
     */
    int64_t channels;
    bool keep_u16;      /* a 16-bit picture gives FV_PIXEL_U16; else its high byte */
    int64_t max_pixels; /* height · width above it is refused before decoding, and samples above 4 ×; 0: 2^28 */
    int64_t max_bytes;  /* a longer file is refused; 0: 2^30 */
} fv_decode_options;

/* A picture by its content, whatever its name: JPEG (baseline, progressive, grey, CMYK and YCCK), PNG (all colour types and
 * depths, interlaced), WebP, TIFF (the first page; also f32, taken as it is, and any number of channels), BMP, GIF (the first
 * picture), PBM, PGM, PPM, PAM. Turned as its EXIF orientation says. Grey from RGB: (19595 R + 38470 G + 7471 B + 32768) >> 16,
 * as in Pillow. One that is cut short or damaged is FV_FORMAT, never half a picture; bytes after its end are ignored. `name` is
 * for errors (a path). `options` may be NULL. FV_UNSUPPORTED: a format or kind that is not read, by name; over a limit; bands
 * where another number of channels is wanted. */
FV_API FV_MUST_USE fv_error *fv_image_decode(const void *bytes, int64_t length, const char *name,
                                             const fv_decode_options *options, fv_image *out);
FV_API FV_MUST_USE fv_error *fv_image_decode_file(const char *path, const fv_decode_options *options, fv_image *out);

/* ---- transforms ---- */

/* A list of steps from a decoded picture to a network's input. Text form: steps "NAME option=value …"
 * divided by ';' or newlines, '#' starts a comment:
 *     random_resized_crop size=224
 *     hflip
 *     resize size=256 when=evaluation
 *     center_crop size=224 when=evaluation
 *     normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225
 * Random steps run in training only; every step has the option `when` (training, evaluation, always) to say otherwise. A list
 * without normalize ends in v / 255. `fovea help transform NAME` describes each. Immutable once made. */
typedef struct fv_transforms fv_transforms;
FV_API FV_MUST_USE fv_error *fv_transforms_parse(const char *text, fv_transforms **out);
FV_API void fv_transforms_free(fv_transforms *transforms);
FV_CLEANUP(fv_transforms);
FV_API FV_MUST_USE fv_error *fv_transforms_to_text(const fv_transforms *transforms, char **out); /* parses back; a new string */

/* Height, width and channels after the steps of `mode`, from those before; a zero is "not known", before and after.
 * FV_SHAPE: a step cannot take that size, or the channels do not fit its lists. */
typedef struct fv_size {
    int64_t height, width, channels;
} fv_size;
FV_API FV_MUST_USE fv_error *fv_transforms_size(const fv_transforms *transforms, fv_mode mode, fv_size before, fv_size *after);

/* What one picture's random numbers are keyed by, with the step's name and its number among its likes: so they depend
 * neither on threads nor on the other steps. */
typedef struct fv_draw {
    uint64_t seed;
    uint32_t epoch, position; /* `position` in the epoch's order, not in the data set: repeats differ */
    int64_t sample;           /* its number in the data set, for what changes from epoch to epoch (hflip alternate=true) */
} fv_draw;
/* In place: any pixel type → f32. `draw` is not read in evaluation (NULL is allowed). */
FV_API FV_MUST_USE fv_error *fv_transforms_apply(const fv_transforms *transforms, fv_mode mode, const fv_draw *draw,
                                                 fv_image *image);

/* ---- samples ---- */

typedef enum fv_target_kind {
    FV_TARGET_NONE,    /* pictures to predict */
    FV_TARGET_CLASS,   /* one class of many */
    FV_TARGET_CLASSES, /* any number of classes */
    FV_TARGET_SOFT,    /* a probability a class */
    FV_TARGET_NUMBER,  /* regression */
    FV_TARGET_BOXES,   /* objects: a class and a box each */
    FV_TARGET_MASK     /* a class a pixel */
} fv_target_kind;

typedef struct fv_box {
    double x0, y0, x1, y1; /* pixels of the turned picture, from its top left corner; x1, y1 exclusive */
    int64_t class_index;
    bool difficult; /* VOC's mark: not counted when evaluating */
} fv_box;

/* Arrays belong to the data set. */
typedef struct fv_target {
    fv_target_kind kind;
    union {
        int64_t class_index;
        double number;
        struct {
            int64_t count;
            const int64_t *at;
        } classes;
        struct {
            int64_t count; /* = classes of the set */
            const float *at;
        } soft;
        struct {
            int64_t count;
            const fv_box *at;
        } boxes;
        const char *mask; /* the path of its picture, relative to the set's root */
    };
} fv_target;

/* ---- data sets ---- */

/* A data set on disk, read by the source that knows its format ("class_folders", "list", "idx"; `fovea help source` lists
 * them): parts (train, val, test) where the format has them, classes, samples numbered 0 … count − 1 in a fixed order, each
 * with an id: its path relative to the root (the folder; a list's, or what its option root says) with '/' between, or
 * PART/NUMBER. */
typedef struct fv_dataset fv_dataset;

typedef struct fv_dataset_options {
    const char *source;         /* its name; NULL: found by looking at the path, the surest source wins */
    const char *source_options; /* "name=value …" of that source; NULL: its defaults */
    int64_t channels;           /* as in fv_decode_options, but 0: what the source says (idx 1, class_folders 3) */
    int64_t max_pixels;         /* as in fv_decode_options */
    int64_t max_bytes;
    bool strict;        /* anything that cannot be used is an error */
    bool allow_dropped; /* else more than 1 % that cannot be used is an error */
} fv_dataset_options;

/* Lists the set; pictures are not decoded yet. FV_FORMAT when more was rejected than the options allow. */
FV_API FV_MUST_USE fv_error *fv_dataset_open(const char *path, const fv_dataset_options *options, fv_dataset **out);
/* A set of single files and of all pictures below folders, in the order given, without classes: pictures to predict. */
FV_API FV_MUST_USE fv_error *fv_dataset_of_paths(const char *const *paths, int64_t count, const fv_dataset_options *options,
                                                 fv_dataset **out);
FV_API void fv_dataset_free(fv_dataset *set);
FV_CLEANUP(fv_dataset);

FV_API const char *fv_dataset_source(const fv_dataset *set); /* name of the source */
FV_API const char *fv_dataset_path(const fv_dataset *set);
FV_API int64_t fv_dataset_channels(const fv_dataset *set);

/* Classes in the set's order: by byte value of the name ("10" before "2"); idx and cifar_binary: by number. Names are borrowed.
 */
FV_API int64_t fv_dataset_class_count(const fv_dataset *set);
FV_API const char *fv_dataset_class_name(const fv_dataset *set, int64_t index);
FV_API const char *const *fv_dataset_class_names(const fv_dataset *set);
/* Takes a model's classes and their order instead, matching names. Samples of a class that it has not are rejected with that
 * reason; then as fv_dataset_open. */
FV_API FV_MUST_USE fv_error *fv_dataset_impose_classes(fv_dataset *set, const char *const *names, int64_t count);

FV_API int64_t fv_dataset_part_count(const fv_dataset *set);                   /* 0: the format has none */
FV_API const char *fv_dataset_part_name(const fv_dataset *set, int64_t index); /* "train", "val", "test" */
FV_API bool fv_dataset_has_part(const fv_dataset *set, const char *name);

FV_API int64_t fv_dataset_count(const fv_dataset *set); /* samples, those included that turned out unusable */
FV_API const char *fv_dataset_id(const fv_dataset *set, int64_t sample);
FV_API const fv_target *fv_dataset_target(const fv_dataset *set, int64_t sample);
FV_API int64_t fv_dataset_class(const fv_dataset *set, int64_t sample); /* class index, or −1 */
/* What a split keeps on one side, of lists with such a column (a patient, a part that was photographed often); NULL: none. */
FV_API const char *fv_dataset_group(const fv_dataset *set, int64_t sample);
/* For weighted sampling, of lists with such a column: 0 or more; 1 where the set has none. */
FV_API double fv_dataset_weight(const fv_dataset *set, int64_t sample);
FV_API bool fv_dataset_is_weighted(const fv_dataset *set);
/* Decodes sample number `sample` (no transforms); a 16-bit picture gives FV_PIXEL_U16. */
FV_API FV_MUST_USE fv_error *fv_dataset_read(const fv_dataset *set, int64_t sample, fv_image *out);

/* What was found: found = usable + rejected; ignored files (hidden, system, not pictures) are not in it. */
typedef struct fv_dataset_counts {
    int64_t found, usable, rejected, ignored;
} fv_dataset_counts;
FV_API fv_dataset_counts fv_dataset_count_all(const fv_dataset *set);
/* Number `index` of the rejected, in the order in which they were met; path is relative to the root. Borrowed. */
FV_API void fv_dataset_rejected(const fv_dataset *set, int64_t index, const char **path, const char **reason);
/* Other lines that a user should see (a class folder without pictures, a link that leads in a circle). NULL beyond the last. */
FV_API const char *fv_dataset_note(const fv_dataset *set, int64_t index);

/* Decodes every usable sample once with `workers` threads (0: the caller's) and rejects what cannot be read; then as
 * fv_dataset_open. `progress` (may be NULL) is called by the caller's thread; false stops with FV_CANCELLED. Make subsets
 * afterwards. */
typedef bool (*fv_scan_progress)(void *context, int64_t done, int64_t count);
FV_API FV_MUST_USE fv_error *fv_dataset_scan(fv_dataset *set, int64_t workers, fv_scan_progress progress, void *context);

/* ---- subsets: what a loader runs over ---- */

/* Some usable samples of a set, which must outlive it. */
typedef struct fv_subset fv_subset;
/* The samples of a part; NULL: all. FV_NOT_FOUND: no such part, or nothing usable in it. */
FV_API FV_MUST_USE fv_error *fv_subset_part(fv_dataset *set, const char *part, fv_subset **out);
FV_API FV_MUST_USE fv_error *fv_subset_of(fv_dataset *set, const int64_t *samples, int64_t count, fv_subset **out);
FV_API void fv_subset_free(fv_subset *subset);
FV_CLEANUP(fv_subset);
FV_API fv_dataset *fv_subset_dataset(const fv_subset *subset);
FV_API int64_t fv_subset_count(const fv_subset *subset);
FV_API int64_t fv_subset_at(const fv_subset *subset, int64_t index);          /* its sample number in the set */
FV_API void fv_subset_class_counts(const fv_subset *subset, int64_t *counts); /* one a class */

typedef struct fv_split_options {
    double fraction; /* of the second part, 0 < fraction < 1; 0: 0.2 */
    int64_t seed;
    bool unstratified; /* else class by class */
    /* What stays on one side: NULL: the samples with one group, where the set says groups; "none": each sample is on its own;
     * else a POSIX extended regular expression over ids, where samples belong together that give the same first (…), or the
     * same match without one: "([^/_]+)_[0-9]+[.]png$". */
    const char *group_by;
} fv_split_options;
/* Two parts, a pure function of (seed, classes, ids, groups), the same on every machine. In each class the samples are ranked
 * by a keyed hash of their ids and the first round(fraction · n) go to the second part, but of two or more at least one to
 * each; a class of one stays in the first, with a line in the log. A file added later moves at most one other. A sample of
 * several classes counts for the rarest of them; those of none, or with numbers, are one class. Both parts keep the set's
 * order. With groups, whole groups are dealt: in the order of their hashes, each to the part that brings the counts of all
 * classes, and of all samples, nearest to the fraction; then groups move or change places as long as that brings them nearer. A
 * class that ends up in one part alone gets a line in the log. FV_USAGE: fewer than two groups, a pattern that is none;
 * FV_FORMAT: an id that it does not match. */
FV_API FV_MUST_USE fv_error *fv_subset_split(const fv_subset *subset, const fv_split_options *options, fv_subset **first,
                                             fv_subset **second);
/* Three parts: `test_fraction` of all is split off first, then options.fraction of all from what is left. */
FV_API FV_MUST_USE fv_error *fv_subset_split_three(const fv_subset *subset, const fv_split_options *options,
                                                   double test_fraction, fv_subset **train, fv_subset **val, fv_subset **test);
/* Fold number `fold`, 1 … folds: every sample is held out in just one of them (options.fraction is not read). The samples,
 * class by class in the order of their hashes, are dealt out in turn, so that counts differ by one at most; groups as above. A
 * file added later moves others. */
FV_API FV_MUST_USE fv_error *fv_subset_fold(const fv_subset *subset, const fv_split_options *options, int64_t folds,
                                            int64_t fold, fv_subset **train, fv_subset **held_out);

/* ---- the loader ---- */

/* What an epoch of training goes through, always as many pictures as the subset has. */
typedef enum fv_sampling {
    FV_SAMPLING_UNIFORM,  /* each picture once */
    FV_SAMPLING_BALANCED, /* drawn, with repetition: each class alike, then each of its pictures alike */
    FV_SAMPLING_WEIGHTED  /* drawn, with repetition, in proportion to fv_dataset_weight */
} fv_sampling;

typedef struct fv_loader_options {
    /* FV_TRAINING: shuffled, random transforms, an unreadable picture is replaced. FV_EVALUATION: in the subset's order, every
     * picture once, an unreadable one is left out and its batch is smaller. */
    fv_mode mode;
    int64_t batch;            /* pictures in a batch; 0: 32 */
    int64_t seed;             /* of the order and of the transforms */
    int64_t workers;          /* threads; 0: the caller's */
    int64_t queue;            /* batches that may be in memory at once; 0: 1 without workers, else 4 */
    int64_t cache;            /* bytes of decoded pictures kept for later epochs; 0: none */
    const char *cache_folder; /* where a file, without a name, keeps them; NULL: memory does */
    bool reduced; /* JPEG files at 1/2, 1/4 or 1/8, as far as the network's input is no larger: other pixels than the whole's */
    bool drop_last; /* leaves out a last batch that is not full */
    bool in_order;  /* training without shuffling; `sampling` is then not read */
    /* Of processes that share the batches: their number (0 or 1: alone), which this one is, and the shards that a batch is cut
     * into; each loads the rows of its own shards (fv_plan_options.comm). */
    int64_t ranks, rank, shards;
    fv_sampling sampling;
    double number_mean, number_scale; /* a number becomes (number − mean) / scale in a batch's targets; scale 0: 1 */
    /* What the network takes; zeros: what the transforms give (where that depends on it, for the first picture). */
    fv_size size;
    const int *cancel; /* set to non-zero, atomically or by a signal handler, it ends a wait with FV_CANCELLED */
} fv_loader_options;

/* A batch, borrowed until the next call on its loader. */
typedef struct fv_batch {
    int64_t index;         /* in its epoch */
    int64_t count;         /* the batch size; less in the last one, or (evaluation) where some could not be read */
    int64_t all;           /* of ranks: pictures of the batch, with those that the others load; alone: before any is left out */
    fv_size size;          /* of each picture */
    const float *images;   /* [count, height, width, channels] */
    const int64_t *labels; /* [count] class index, −1 where there is none */
    const int64_t *samples; /* [count] numbers in the data set */
    /* [count, target_width], where a class number does not say it all: 0 and 1 a class (FV_TARGET_CLASSES), probabilities
     * (FV_TARGET_SOFT, and classes when the transforms mix pictures), or one number (FV_TARGET_NUMBER). Else NULL and 0. */
    const float *targets;
    int64_t target_width;
} fv_batch;

/* Batch number k of an epoch is a pure function of (subset, transforms, seed, epoch, k): independent of workers, queue,
 * cache, and of where the epoch was started. In training an unreadable picture is replaced by the next readable one in the
 * epoch's order (going round), transformed with its own position's numbers. The partner that a picture is mixed with (mixup,
 * CutMix) is the picture of another position in the epoch, by a permutation of them all, prepared as in its own place. What was
 * unreadable is logged and rejected in the data set when its batch is handed out; past the bound that the set's options say,
 * that is the error. */
typedef struct fv_loader fv_loader;
/* `subset` and `transforms` must outlive it. FV_SHAPE: pictures would not come in options.size; FV_USAGE: the targets are
 * numbers, and a step (cutmix) mixes parts of pictures. */
FV_API FV_MUST_USE fv_error *fv_loader_new(const fv_subset *subset, const fv_transforms *transforms,
                                           const fv_loader_options *options, fv_loader **out);
FV_API void fv_loader_free(fv_loader *loader); /* stops and joins the workers */
FV_CLEANUP(fv_loader);

FV_API int64_t fv_loader_batches(const fv_loader *loader);      /* in an epoch */
FV_API int64_t fv_loader_target_width(const fv_loader *loader); /* of every batch it gives */
FV_API fv_size fv_loader_size(const fv_loader *loader);         /* of every picture it gives */
/* Bytes that it holds at most, once it is made: queue, cache, order. Beside them each thread has the picture it works on. */
FV_API int64_t fv_loader_memory(const fv_loader *loader);

/* What a loader's time went to since it was made, in seconds. Of decoding and transforming all threads' together. */
typedef struct fv_loader_times {
    double wait;    /* of fv_loader_next, until the batch was there; without workers it makes the batch itself */
    double decode;  /* files read and decoded */
    double augment; /* transforms, normalising, the store into the batch; with them the decoding of a partner to mix with */
    int64_t pictures;
} fv_loader_times;
FV_API fv_loader_times fv_loader_spent(fv_loader *loader);

/* Starts `epoch` at `first_batch` (a resumed run is not at 0), leaving the one under way. */
FV_API FV_MUST_USE fv_error *fv_loader_start(fv_loader *loader, int64_t epoch, int64_t first_batch);
/* The next batch in order; NULL at the end of the epoch. After an error the epoch is over. */
FV_API FV_MUST_USE fv_error *fv_loader_next(fv_loader *loader, const fv_batch **batch);

#ifdef __cplusplus
}
#endif
#endif
