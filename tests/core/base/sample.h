/* sample.h - options with a field of every type, for the tests of each form. */
#ifndef FV_TESTS_BASE_SAMPLE_H
#define FV_TESTS_BASE_SAMPLE_H

#include "core/base/fields.h"

typedef enum sample_mode { SAMPLE_CONSTANT, SAMPLE_REFLECT, SAMPLE_EDGE } sample_mode;

typedef struct sample {
    int64_t window[2], stride[2], seed;
    double rate, bounds[2];
    bool ceil;
    sample_mode mode;
    fv_ints dims;
    fv_floats weights;
    const char *name;
    fv_strings tags;
    int64_t untouched; /* no field: nobody may write to it */
} sample;

extern const fv_field sample_fields[];

/* The options of one text, in an arena of their own that is freed by sample_free. */
typedef struct sample_case {
    sample options;
    fv_arena *arena;
} sample_case;

void sample_init(sample_case *one); /* defaults */
void sample_free(sample_case *one);
#define SAMPLE(name)                                                                                                           \
    __attribute__((cleanup(sample_free))) sample_case name;                                                                    \
    sample_init(&name)

/* Options that use every type and every character that a form could stumble over. */
void sample_fill(sample_case *one);

#endif
