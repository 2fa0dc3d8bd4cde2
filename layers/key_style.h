/* key_style.h - what other people call the weights of an architecture: one file layers/key_styles/ORIGIN.c with a descriptor
 * for each family. A table of names, read both ways: for import and for export. */
#ifndef FV_LAYERS_KEY_STYLE_H
#define FV_LAYERS_KEY_STYLE_H

#include "core/base/part.h"

/* How a weight of several dimensions lies there. Ours are KRSC, [out, in]. */
typedef enum fv_key_layout {
    FV_KEYS_TORCH, /* OIHW, [out, in] */
    FV_KEYS_KERAS  /* HWIO, depthwise HWC1, [in, out] */
} fv_key_layout;

/* One rule: names of ours that fit `ours` are called `theirs` there. In `ours`, * is text without dots and ** any text; in
 * `theirs` the same marks stand for what they fitted, in order, and # stands for the first two of them, S and B of a name
 * NAME.S.B, as one number: NAME.S.B is the block after NAME.S.(B - 1), counted from 0 over all S. The first rule that fits is
 * taken. */
typedef struct fv_key_rule {
    const char *ours, *theirs; /* theirs NULL: there is none, and none is missed */
    int rank;                  /* of the tensor; 0: any */
    /* A dense layer's inputs are a picture of grid × grid that was flattened: there channel by channel, here pixel by pixel. */
    int64_t grid;
} fv_key_rule;

typedef struct fv_key_style {
    FV_PART;
    const char *const *archs; /* NULL-terminated: of which it knows the names */
    fv_key_layout layout;
    const fv_key_rule *rules;  /* up to one without `ours` */
    const char *preprocessing; /* what such weights were trained with (exchange/preprocessing.h) */
} fv_key_style;

extern const fv_key_style *const fv_key_style_table[]; /* generated, sorted by name */
extern const int fv_key_style_table_count;

#endif
