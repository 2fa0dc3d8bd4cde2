/* sections.h - the sections of a model file that a prediction needs. Training writes them, the predictor reads them. */
#ifndef FV_PREDICT_SECTIONS_H
#define FV_PREDICT_SECTIONS_H

#include "core/formats/model_file.h"

typedef struct fv_classes_section {
    fv_strings names; /* number c is the label of logit c */
} fv_classes_section;
extern const fv_section fv_section_classes;

typedef struct fv_transforms_section {
    const char *steps; /* the text form of fv_transforms, training steps included */
} fv_transforms_section;
extern const fv_section fv_section_transforms;

typedef struct fv_signature_section {
    const char *input, *output;      /* names of the graph's input and result */
    int64_t height, width, channels; /* of a picture at the input: f32, NHWC, as the transforms leave it */
    int64_t classes;                 /* of the result: f32 logits */
} fv_signature_section;
extern const fv_section fv_section_signature;

#endif
