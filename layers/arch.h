/* arch.h - what an architecture is: one file layers/zoo/FAMILY.c with a descriptor for each of the family. */
#ifndef FV_LAYERS_ARCH_H
#define FV_LAYERS_ARCH_H

#include "core/base/part.h"
#include "fovea/layers.h"

/* The first members of every architecture's options, and their rows in its field table. */
#define FV_ARCH_OPTIONS int64_t classes, size[2], channels
#define FV_ARCH_FIELDS(S, classes_, size_, channels_)                                                                          \
    FV_FIELD(S, classes, .by_default = classes_, .min = 1, .help = "outputs: the classes to tell apart"),                      \
        FV_FIELD(S, size, .by_default = size_, .min = 1, .help = "height and width of the input"),                             \
        FV_FIELD(S, channels, .by_default = channels_, .min = 1, .help = "channels of the input")

typedef struct fv_arch {
    FV_PART;
    const char *paper;
    int64_t parameters;                                                  /* trained numbers with the default options */
    fv_value (*build)(fv_graph *graph, fv_value x, const void *options); /* → logits */
} fv_arch;

/* What every options struct of an architecture begins with. */
typedef struct fv_arch_options {
    FV_ARCH_OPTIONS;
} fv_arch_options;

extern const fv_arch *const fv_arch_table[]; /* generated, sorted by name */
extern const int fv_arch_table_count;

#endif
