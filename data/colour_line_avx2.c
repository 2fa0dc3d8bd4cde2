/* colour_line_avx2.c - eight RGB pixels of u8 at a time, in registers from the first change to the last. Grey is a sum of whole
 * numbers below 2²⁴, so f32 has it exactly; every other operation is that of colour_line.c, in its order. */
#include <immintrin.h>

#include "data/colour_line.h"

typedef struct pixels {
    __m256 red, green, blue;
} pixels;

static inline __m256 all(float value) { return _mm256_set1_ps(value); }

/* Cut to 0…255 and rounded, halves up; not a number is 0, since maxps gives its second operand then. */
static inline __m256 settled(__m256 value) {
    value = _mm256_min_ps(_mm256_max_ps(value, _mm256_setzero_ps()), all(255));
    return _mm256_floor_ps(_mm256_add_ps(value, all(0.5f)));
}

static inline __m256 grey_of(const pixels *p) {
    __m256 sum = _mm256_add_ps(_mm256_mul_ps(p->red, all(19595)), _mm256_mul_ps(p->green, all(38470)));
    sum = _mm256_add_ps(_mm256_add_ps(sum, _mm256_mul_ps(p->blue, all(7471))), all(32768));
    return _mm256_floor_ps(_mm256_mul_ps(sum, all(1.0f / 65536)));
}

static inline __m256 on_line(__m256 x, __m256 scale, __m256 offset) {
    return settled(_mm256_add_ps(_mm256_mul_ps(x, scale), offset));
}

static inline void by_line(pixels *p, const fv_colour_change *change) {
    __m256 scale = all(change->amount), offset = all(change->offset);
    p->red = on_line(p->red, scale, offset);
    p->green = on_line(p->green, scale, offset);
    p->blue = on_line(p->blue, scale, offset);
}

static inline void by_saturation(pixels *p, const fv_colour_change *change) {
    __m256 grey = grey_of(p), factor = all(change->amount);
    p->red = on_line(_mm256_sub_ps(p->red, grey), factor, grey);
    p->green = on_line(_mm256_sub_ps(p->green, grey), factor, grey);
    p->blue = on_line(_mm256_sub_ps(p->blue, grey), factor, grey);
}

static inline __m256 where(__m256 condition, __m256 then, __m256 other) { return _mm256_blendv_ps(other, then, condition); }
static inline __m256 less_six(__m256 k) { return where(_mm256_cmp_ps(k, all(6), _CMP_GE_OQ), _mm256_sub_ps(k, all(6)), k); }

static inline __m256 hue_channel(__m256 high, __m256 range, __m256 hue, float n) {
    __m256 k = less_six(_mm256_add_ps(hue, all(n)));
    __m256 part = _mm256_min_ps(_mm256_min_ps(k, _mm256_sub_ps(all(4), k)), all(1));
    return settled(_mm256_sub_ps(high, _mm256_mul_ps(range, _mm256_max_ps(_mm256_setzero_ps(), part))));
}

static inline void by_hue(pixels *p, const fv_colour_change *change) {
    const __m256 zero = _mm256_setzero_ps();
    __m256 high = _mm256_max_ps(_mm256_max_ps(p->red, p->green), p->blue);
    __m256 range = _mm256_sub_ps(high, _mm256_min_ps(_mm256_min_ps(p->red, p->green), p->blue));
    __m256 inverse = _mm256_div_ps(all(1), where(_mm256_cmp_ps(range, zero, _CMP_GT_OQ), range, all(1)));
    __m256 from_red = _mm256_mul_ps(_mm256_sub_ps(p->green, p->blue), inverse);
    __m256 from_green = _mm256_add_ps(all(2), _mm256_mul_ps(_mm256_sub_ps(p->blue, p->red), inverse));
    __m256 from_blue = _mm256_add_ps(all(4), _mm256_mul_ps(_mm256_sub_ps(p->red, p->green), inverse));
    __m256 hue = where(_mm256_cmp_ps(high, p->green, _CMP_EQ_OQ), from_green, from_blue);
    hue = where(_mm256_cmp_ps(high, p->red, _CMP_EQ_OQ), from_red, hue);
    hue = where(_mm256_cmp_ps(hue, zero, _CMP_LT_OQ), _mm256_add_ps(hue, all(6)), hue);
    hue = less_six(_mm256_add_ps(hue, all(change->amount)));
    p->red = hue_channel(high, range, hue, 5);
    p->green = hue_channel(high, range, hue, 3);
    p->blue = hue_channel(high, range, hue, 1);
}

static inline void change_pixels(pixels *p, const fv_colour_change *changes, int64_t count) {
    for (const fv_colour_change *c = changes; c < changes + count; c++) switch (c->rule) {
        case FV_COLOUR_BY_LINE: by_line(p, c); break;
        case FV_COLOUR_BY_SATURATION: by_saturation(p, c); break;
        case FV_COLOUR_BY_HUE: by_hue(p, c); break;
        }
}

/* ---- 24 bytes of eight pixels, loaded as bytes 0 to 15 and 8 to 23 ---- */

static inline __m256 channel_of(__m128i low, __m128i high, __m128i from_low, __m128i from_high) {
    __m128i bytes = _mm_or_si128(_mm_shuffle_epi8(low, from_low), _mm_shuffle_epi8(high, from_high));
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}

static inline pixels load(const uint8_t *rgb) {
    __m128i low = _mm_loadu_si128((const __m128i *)rgb), high = _mm_loadu_si128((const __m128i *)(rgb + 8));
    return (pixels){
        .red = channel_of(low, high, _mm_setr_epi8(0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                          _mm_setr_epi8(-1, -1, -1, -1, -1, -1, 10, 13, -1, -1, -1, -1, -1, -1, -1, -1)),
        .green = channel_of(low, high, _mm_setr_epi8(1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                            _mm_setr_epi8(-1, -1, -1, -1, -1, 8, 11, 14, -1, -1, -1, -1, -1, -1, -1, -1)),
        .blue = channel_of(low, high, _mm_setr_epi8(2, 5, 8, 11, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                           _mm_setr_epi8(-1, -1, -1, -1, -1, 9, 12, 15, -1, -1, -1, -1, -1, -1, -1, -1)),
    };
}

/* Each pixel is a word of its three bytes; four words of each half are drawn together. */
static inline void store(uint8_t *rgb, const pixels *p) {
    const __m256i close = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, /* */
                                           0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    __m256i words = _mm256_or_si256(_mm256_cvttps_epi32(p->red), _mm256_slli_epi32(_mm256_cvttps_epi32(p->green), 8));
    words = _mm256_or_si256(words, _mm256_slli_epi32(_mm256_cvttps_epi32(p->blue), 16));
    words = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(words, close), _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm_storeu_si128((__m128i *)rgb, _mm256_castsi256_si128(words));
    _mm_storel_epi64((__m128i *)(rgb + 16), _mm256_extracti128_si256(words, 1));
}

int64_t fv_colour_line_u8_avx2(uint8_t *rgb, int64_t count, const fv_colour_change *changes, int64_t change_count,
                               int64_t *grey) {
    int64_t done = 0;
    while (count - done >= 8) {
        __m256i greys = _mm256_setzero_si256(); /* 2²² lanes of 255 fit 31 bits */
        for (int64_t end = done + (count - done < 8 << 22 ? count - done : 8 << 22); end - done >= 8; done += 8, rgb += 24) {
            pixels p = load(rgb);
            change_pixels(&p, changes, change_count);
            if (change_count) store(rgb, &p);
            greys = _mm256_add_epi32(greys, _mm256_cvttps_epi32(grey_of(&p)));
        }
        int32_t lanes[8];
        _mm256_storeu_si256((__m256i *)lanes, greys);
        for (int i = 0; i < 8; i++) *grey += lanes[i];
    }
    return done;
}
