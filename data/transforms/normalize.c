/* normalize.c - y = (x / scale − mean) / std, channel by channel, in f32 in this order, as torchvision's ToTensor and
 * Normalize. */
#include "core/base/size.h"
#include "data/transform.h"

typedef struct fv_normalize_options {
    int when;
    fv_floats mean, std;
    double scale;
} fv_normalize_options;

static const fv_field fields[] = {
    FV_WHEN(fv_normalize_options, "always"),
    FV_FIELD(fv_normalize_options, mean, .by_default = "0", .help = "subtracted; one, or one a channel"),
    FV_FIELD(fv_normalize_options, std, .by_default = "1", .min = 1e-12, .help = "divided by; one, or one a channel"),
    FV_FIELD(fv_normalize_options, scale, .by_default = "255", .min = 1e-12,
             .help = "pixels, 0 to 255, are divided by it before all else"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_normalize_options *o = options;
    int64_t means = o->mean.count, stds = o->std.count;
    if (means && stds && (means == 1 || stds == 1 || means == stds)) return NULL;
    return fv_fail(FV_USAGE, "%lld values of mean and %lld of std", (long long)means, (long long)stds);
}

static fv_error *size(const void *options, fv_size *size) {
    const fv_normalize_options *o = options;
    int64_t values = fv_max(o->mean.count, o->std.count);
    if (!size->channels || values == 1 || values == size->channels) return NULL;
    return fv_fail(FV_SHAPE, "mean and std have %lld values, the picture %lld channel%s", (long long)values,
                   (long long)size->channels, size->channels == 1 ? "" : "s");
}

/* One channel's numbers in f32. */
typedef struct channel {
    float scale, mean, std;
} channel;

static channel channel_of(const fv_normalize_options *o, int64_t c) {
    return (channel){ (float)o->scale, (float)o->mean.at[o->mean.count > 1 ? c : 0],
                      (float)o->std.at[o->std.count > 1 ? c : 0] };
}

static inline float normalized(float value, channel k) { return (value / k.scale - k.mean) / k.std; }

static void fill_table(const fv_normalize_options *o, int64_t c, float *table) {
    channel k = channel_of(o, c);
    for (int v = 0; v < 256; v++) table[v] = normalized((float)v, k);
}

/* Three channels in one go. */
static void from_rgb(const fv_normalize_options *o, const fv_image *image, float *to) {
    float tables[3][256];
    for (int c = 0; c < 3; c++) fill_table(o, c, tables[c]);
    const uint8_t *from = image->pixels;
    for (int64_t i = image->height * image->width; i > 0; i--, from += 3, to += 3)
        for (int c = 0; c < 3; c++) to[c] = tables[c][from[c]];
}

/* A byte has 256 values: a table a channel is cheaper than two divisions a pixel. */
static void write_from_u8(const void *options, const fv_image *image, float *to) {
    const fv_normalize_options *o = options;
    int64_t pixels = image->height * image->width, channels = image->channels;
    if (channels == 3) {
        from_rgb(o, image, to);
        return;
    }
    for (int64_t c = 0; c < channels; c++) {
        float table[256];
        fill_table(o, c, table);
        const uint8_t *from = (const uint8_t *)image->pixels + c;
        for (int64_t i = 0; i < pixels; i++) to[i * channels + c] = table[from[i * channels]];
    }
}

static void from_f32(const fv_normalize_options *o, fv_image *image) {
    int64_t pixels = image->height * image->width, channels = image->channels;
    for (int64_t c = 0; c < channels; c++) {
        channel k = channel_of(o, c);
        float *values = (float *)image->pixels + c;
        for (int64_t i = 0; i < pixels; i++) values[i * channels] = normalized(values[i * channels], k);
    }
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_normalize_options *o = call->options;
    fv_image *image = call->image, *spare = &call->work->spare;
    fv_size same = fv_image_size(image);
    FV_TRY(size(o, &same));
    if (image->pixel == FV_PIXEL_F32) {
        from_f32(o, image);
        return NULL;
    }
    FV_TRY(fv_image_resize(spare, same.height, same.width, same.channels, FV_PIXEL_F32));
    write_from_u8(o, image, spare->pixels);
    fv_image_swap(image, spare);
    return NULL;
}

const fv_transform fv_transform_normalize = {
    .name = "normalize",
    .summary = "(x / 255 - mean) / std, channel by channel",
    .fields = fields,
    .example = "mean=0.485,0.456,0.406 std=0.229,0.224,0.225",
    .normalizes = true,
    .check = check,
    .size = size,
    .apply = apply,
    .write = write_from_u8,
};
