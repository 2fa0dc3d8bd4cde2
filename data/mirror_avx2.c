/* mirror_avx2.c - rows of three-byte pixels exchanged from both ends, five pixels of each at a time. */
#include <immintrin.h>

#include "data/mirror.h"

int64_t fv_mirror_row_rgb_avx2(uint8_t *row, int64_t width) {
    /* A load takes 16 bytes. At the left end the pixels are bytes 0 to 14, at the right end bytes 1 to 15; the byte over is the
     * next pixel's and stays as it is. */
    const __m128i to_left = _mm_setr_epi8(13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, -1);
    const __m128i to_right = _mm_setr_epi8(-1, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2);
    const __m128i last = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1);
    const __m128i first = _mm_setr_epi8(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    uint8_t *left = row, *right = row + 3 * width - 16;
    int64_t done = 0;
    if (left + 16 > right) return 0;
    __m128i a = _mm_loadu_si128((const __m128i *)left), b = _mm_loadu_si128((const __m128i *)right);
    for (; left + 16 <= right; left += 15, right -= 15, done += 5) {
        /* Loaded before the stores that they overlap by a byte: else they would wait for them. */
        __m128i next_a = _mm_loadu_si128((const __m128i *)(left + 15)), next_b = _mm_loadu_si128((const __m128i *)(right - 15));
        __m128i new_left = _mm_or_si128(_mm_shuffle_epi8(b, to_left), _mm_and_si128(a, last));
        __m128i new_right = _mm_or_si128(_mm_shuffle_epi8(a, to_right), _mm_and_si128(b, first));
        _mm_storeu_si128((__m128i *)left, new_left);
        _mm_storeu_si128((__m128i *)right, new_right);
        a = next_a;
        b = next_b;
    }
    return done;
}
