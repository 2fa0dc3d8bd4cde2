/* clahe.c - contrast limited adaptive histogram equalization: detail in dark and bright parts alike. Zuiderveld, in "Graphics
 * Gems IV", 1994, as OpenCV's createCLAHE does it, whose results these are for one channel in u8, but that it rounds halves to
 * even:
 *
 * The picture, its border reflected where the tiles do not divide it, is cut into tiles. Each tile's histogram is cut at
 * max(1, ⌊clip_limit · pixels of a tile / 256⌋); what was cut off is given to all levels alike, the rest of it one by one to
 * levels evenly apart; the running sum, scaled to 255 and rounded, is the tile's table. A pixel gets the bilinear mean of the
 * tables of the four tiles whose middles are around it.
 *
 * RGB: done on the grey (Pillow's), and each channel moves by what the grey moves: hue stays. With other numbers of channels
 * each is treated by itself. f32 is counted at the level below, and lies between two levels' results. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "data/colour.h"
#include "data/tone.h"
#include "data/window.h"

#define LEVELS 256

typedef struct fv_clahe_options {
    int when;
    double probability, clip_limit[2];
    int64_t tiles[2];
} fv_clahe_options;

static const fv_field fields[] = {
    FV_WHEN(fv_clahe_options, "training"),
    FV_PROBABILITY(fv_clahe_options, "0.5"),
    FV_FIELD(fv_clahe_options, clip_limit, .by_default = "1,4", .max = LEVELS,
             .help = "how far above the mean a histogram's levels may be, drawn between the two; 0: any height"),
    FV_FIELD(fv_clahe_options, tiles, .by_default = "8", .min = 1, .max = 64, .help = "rows and columns of tiles"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_clahe_options *o = options;
    return fv_range_check("clip_limit", o->clip_limit);
}

/* The plane that is treated, and the tables that come from it: floats, one after another, in work->numbers. */
typedef struct plane {
    int64_t height, width, rows, columns; /* pixels; tiles */
    int64_t tile_height, tile_width;
    float *values; /* height × width */
    float *tables; /* rows × columns × LEVELS */
} plane;

static void measure(const fv_image *image, const int64_t tiles[2], plane *p) {
    p->height = image->height;
    p->width = image->width;
    p->rows = tiles[0];
    p->columns = tiles[1];
    bool divided = p->height % p->rows == 0 && p->width % p->columns == 0;
    p->tile_height = (divided ? p->height : p->height + p->rows - p->height % p->rows) / p->rows;
    p->tile_width = (divided ? p->width : p->width + p->columns - p->width % p->columns) / p->columns;
}

/* Channel `channel` of the picture; −1: the grey of RGB, in whole levels. */
static void read_values(const fv_image *image, int64_t channel, float *values) {
    int64_t pixels = image->height * image->width, step = image->channels;
    if (image->pixel == FV_PIXEL_U8) {
        const uint8_t *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += step)
            values[i] = channel < 0 ? (float)fv_grey(at[0], at[1], at[2]) : (float)at[channel];
    } else {
        const float *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += step)
            values[i] = channel < 0 ? floorf(fv_tone_cut(fv_colour_grey_of(at)) + 0.5f) : fv_tone_cut(at[channel]);
    }
}

static void count_tile(const plane *p, int64_t row, int64_t column, int64_t counts[LEVELS]) {
    memset(counts, 0, LEVELS * sizeof *counts);
    for (int64_t y = row * p->tile_height; y < (row + 1) * p->tile_height; y++) {
        const float *line = p->values + fv_border_shows(y, p->height, FV_BORDER_REFLECT) * p->width;
        for (int64_t x = column * p->tile_width; x < (column + 1) * p->tile_width; x++)
            counts[(int)line[fv_border_shows(x, p->width, FV_BORDER_REFLECT)]]++;
    }
}

static void clip(int64_t counts[LEVELS], int64_t limit) {
    int64_t over = 0;
    for (int v = 0; v < LEVELS; v++) {
        over += fv_max(counts[v] - limit, 0);
        counts[v] = fv_min(counts[v], limit);
    }
    for (int v = 0; v < LEVELS; v++) counts[v] += over / LEVELS;
    int64_t rest = over % LEVELS, apart = rest ? fv_max(LEVELS / rest, 1) : 1;
    for (int64_t v = 0; v < LEVELS && rest > 0; v += apart, rest--) counts[v]++;
}

static void make_tables(const plane *p, double clip_limit) {
    int64_t area = p->tile_height * p->tile_width, limit = fv_max((int64_t)(clip_limit * (double)area / LEVELS), 1);
    float scale = (float)(LEVELS - 1) / (float)area;
    for (int64_t tile = 0; tile < p->rows * p->columns; tile++) {
        int64_t counts[LEVELS], sum = 0;
        count_tile(p, tile / p->columns, tile % p->columns, counts);
        if (clip_limit > 0) clip(counts, limit);
        for (int v = 0; v < LEVELS; v++) {
            sum += counts[v];
            p->tables[tile * LEVELS + v] = fminf(rintf((float)sum * scale), 255);
        }
    }
}

static inline float from_table(const float *table, float value) {
    int below = (int)value, above = below < LEVELS - 1 ? below + 1 : below;
    return table[below] + (table[above] - table[below]) * (value - (float)below);
}

/* The two tiles whose middles are around a place, and how much the second weighs. */
typedef struct between {
    int64_t first, second;
    float weight;
} between;

static between tiles_around(int64_t at, int64_t tile, int64_t tiles) {
    float place = (float)at * (1.0f / (float)tile) - 0.5f;
    int64_t first = (int64_t)floorf(place);
    return (between){ fv_max(first, 0), fv_min(first + 1, tiles - 1), place - (float)first };
}

/* The same pixel after it is equalized; only its own value is read. */
static float equalized(const plane *p, between rows, between columns, float value) {
    const float *top = p->tables + rows.first * p->columns * LEVELS, *low = p->tables + rows.second * p->columns * LEVELS;
    int64_t left = columns.first * LEVELS, right = columns.second * LEVELS;
    float a = columns.weight, b = 1 - a;
    float above = from_table(top + left, value) * b + from_table(top + right, value) * a;
    float below = from_table(low + left, value) * b + from_table(low + right, value) * a;
    return above * (1 - rows.weight) + below * rows.weight;
}

/* Adds `change` to the channels `first` … `first + count − 1` of pixel i. */
static void move(fv_image *image, int64_t i, int64_t first, int64_t count, float change) {
    for (int64_t c = first; c < first + count; c++)
        if (image->pixel == FV_PIXEL_U8) {
            uint8_t *at = (uint8_t *)image->pixels + i * image->channels + c;
            *at = fv_tone_u8((float)*at + change);
        } else {
            float *at = (float *)image->pixels + i * image->channels + c;
            *at = fv_tone_cut(*at + change);
        }
}

static void treat(fv_image *image, const plane *p, int64_t channel, double clip_limit) {
    read_values(image, channel, p->values);
    make_tables(p, clip_limit);
    for (int64_t y = 0; y < p->height; y++) {
        between rows = tiles_around(y, p->tile_height, p->rows);
        for (int64_t x = 0; x < p->width; x++) {
            int64_t i = y * p->width + x;
            float value = p->values[i], after = equalized(p, rows, tiles_around(x, p->tile_width, p->columns), value);
            move(image, i, channel < 0 ? 0 : channel, channel < 0 ? 3 : 1, after - value);
        }
    }
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_clahe_options *o = call->options;
    fv_image *image = call->image, *numbers = &call->work->numbers;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    double clip_limit = fv_random_between(call->random, o->clip_limit[0], o->clip_limit[1]);
    plane p;
    measure(image, o->tiles, &p);
    int64_t values = p.height * p.width;
    FV_TRY(fv_image_resize(numbers, 1, values + p.rows * p.columns * LEVELS, 1, FV_PIXEL_F32));
    p.values = numbers->pixels;
    p.tables = p.values + values;
    if (image->channels == 3) treat(image, &p, -1, clip_limit);
    for (int64_t c = 0; c < image->channels && image->channels != 3; c++) treat(image, &p, c, clip_limit);
    return NULL;
}

const fv_transform fv_transform_clahe = {
    .name = "clahe",
    .summary = "evens out contrast part by part, and not beyond a limit",
    .fields = fields,
    .example = "p=1 clip_limit=1,8",
    .check = check,
    .apply = apply,
};
