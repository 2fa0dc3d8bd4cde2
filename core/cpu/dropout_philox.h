/* dropout_philox.h - dropout, compiled once for each instruction set, f32: dropout.h's mask, LANES blocks of Philox side by
 * side. */
#ifndef FV_CPU_DROPOUT_PHILOX_H
#define FV_CPU_DROPOUT_PHILOX_H

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/cost.h"
#include "core/ops/dropout.h"
#include "core/plan/kernel.h"

#define LANES 16          /* blocks at once, of 4 words each */
#define WORDS (4 * LANES) /* words, and so elements, at once */
#define UNIT (64 * WORDS) /* elements of a work unit */

typedef struct dropout {
    const float *x;
    float *y;
    int64_t first, count, threshold; /* first: number of element 0 in the whole batch */
    float scale;
    uint32_t key[2], stream, step;
} dropout;

/* The words of blocks first … first + LANES − 1, in order: what fv_philox makes of fv_dropout_words' counters. */
static void draw(const dropout *t, uint64_t first, uint32_t *restrict words) {
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES], k0 = t->key[0], k1 = t->key[1];
    for (int l = 0; l < LANES; l++) {
        c0[l] = (uint32_t)(first + (uint64_t)l);
        c1[l] = t->stream;
        c2[l] = t->step;
        c3[l] = (uint32_t)((first + (uint64_t)l) >> 32);
    }
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9, k1 += 0xBB67AE85)
        for (int l = 0; l < LANES; l++) {
            uint64_t left = UINT64_C(0xD2511F53) * c0[l], right = UINT64_C(0xCD9E8D57) * c2[l];
            c0[l] = (uint32_t)(right >> 32) ^ c1[l] ^ k0;
            c1[l] = (uint32_t)right;
            c2[l] = (uint32_t)(left >> 32) ^ c3[l] ^ k1;
            c3[l] = (uint32_t)left;
        }
    for (int l = 0; l < LANES; l++) {
        words[4 * l] = c0[l];
        words[4 * l + 1] = c1[l];
        words[4 * l + 2] = c2[l];
        words[4 * l + 3] = c3[l];
    }
}

static void run_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const dropout *t = context;
    uint32_t words[WORDS], last = (uint32_t)(t->threshold - 1);
    int64_t end = fv_min((unit + 1) * UNIT, t->count);
    for (int64_t begin = unit * UNIT, count; begin < end; begin += count) {
        int64_t number = t->first + begin, inside = number % 4; /* of its block */
        count = fv_min(WORDS - inside, end - begin);
        draw(t, (uint64_t)number / 4, words);
        for (int64_t i = 0; i < count; i++) {
            float kept = t->x[begin + i] * t->scale;
            t->y[begin + i] = words[inside + i] <= last ? 0 : kept;
        }
    }
}

static void run(const fv_call *call) {
    const fv_dropout_options *o = call->options;
    const int64_t *key = call->inputs[1].data;
    dropout t = {
        .x = call->inputs[0].data,
        .y = call->outputs[0].data,
        .first = fv_first_element(call, &call->inputs[0].type),
        .count = fv_type_count(&call->inputs[0].type),
        .threshold = fv_dropout_threshold(o->rate),
        .scale = (float)fv_dropout_scale(o->rate),
        .key = { (uint32_t)key[0], (uint32_t)((uint64_t)key[0] >> 32) },
        .stream = (uint32_t)o->stream,
        .step = (uint32_t)key[1],
    };
    fv_parallel_for(fv_ceil_div(t.count, UNIT), run_unit, &t);
}

/* With a threshold of 0 no word drops, and there is no last one that does. */
static const char *refuse(const fv_call *call) {
    const fv_dropout_options *o = call->options;
    if (fv_dropout_threshold(o->rate) < 1) return FV_REFUSE_OPTIONS;
    return call->inputs[0].type.dtype == FV_F32 ? NULL : FV_REFUSE_DTYPE;
}

static double cost(const fv_call *call) { return fv_cost_loop(call); }

#endif
