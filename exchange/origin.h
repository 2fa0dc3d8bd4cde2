/* origin.h - the section of a model file that says whose weights it began with; fine-tuning carries it through. */
#ifndef FV_EXCHANGE_ORIGIN_H
#define FV_EXCHANGE_ORIGIN_H

#include "core/formats/model_file.h"
#include "exchange/keys.h"

typedef struct fv_origin_section {
    const char *arch;   /* with its options */
    const char *style;  /* what its weights are called there */
    const char *format; /* of the file: "pth" */
    const char *name;   /* the file's, without folder */
} fv_origin_section;
extern const fv_section fv_section_origin;

/* The style in which the model's weights are named: the one called `wanted`; without it that of its origin, else one that knows
 * the architecture of its recipe. FV_NOT_FOUND: none does, and how to say one. In `arena`. */
FV_MUST_USE fv_error *fv_origin_style(const fv_model *model, const char *wanted, fv_arena *arena, const fv_key_style **out);

#endif
