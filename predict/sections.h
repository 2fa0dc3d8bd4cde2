/* sections.h - the sections of a model file: those that a prediction needs, which the predictor reads, and what is to be known
 * of a model before it is used. Training writes them. */
#ifndef FV_PREDICT_SECTIONS_H
#define FV_PREDICT_SECTIONS_H

#include "core/formats/model_file.h"
#include "fovea/metrics.h"

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
    int64_t classes;                 /* of the result: f32 logits; a number is one */
} fv_signature_section;
extern const fv_section fv_section_signature;

/* What the logits say. A model without this section says one class a picture. A network is trained on numbers less their mean,
 * by their scale: what it gives · scale + mean is the number. A model of numbers has no section "classes". */
typedef struct fv_target_section {
    fv_outcome_kind kind;
    double mean, scale;
} fv_target_section;
extern const fv_section fv_section_target;

/* What the training lowered, with what a recipe leaves to the data: the class weights. */
typedef struct fv_objective_section {
    const char *loss; /* as fv_loss_build takes it */
} fv_objective_section;
extern const fv_section fv_section_objective;

/* How sure the network may be taken to be: logits are divided by the temperature before they become probabilities. A model
 * without this section has a temperature of 1 and never abstains. */
typedef struct fv_calibration_section {
    double temperature;
    double error_before, error_after; /* expected calibration error on the pictures it was fitted on */
    int64_t n;                        /* how many those were */
    double reject_below;              /* a prediction whose best score is lower abstains; 0: none does */
} fv_calibration_section;
extern const fv_section fv_section_calibration;

/* What a server keeps of the pictures that it is asked about. A model without this section has none kept. */
typedef struct fv_log_section {
    double pictures; /* share of them, 0…1 */
} fv_log_section;
extern const fv_section fv_section_log;

/* Pictures, as files in base64, and the logits that the network gave for them, in a row. */
typedef struct fv_selftest_section {
    fv_strings names, pictures;
    fv_floats logits;
} fv_selftest_section;
extern const fv_section fv_section_selftest;

/* What the model reached on pictures that it was not trained on: one figure a place in the four lists. */
typedef struct fv_metrics_section {
    int64_t epoch;               /* that gave this model, from 1 */
    const char *on;              /* which pictures, in words: "test (folder)" */
    bool selected_on;            /* the epoch was chosen by them: the figures flatter */
    int64_t n;                   /* pictures */
    fv_strings metrics;          /* as fv_metric_measure takes them */
    fv_floats values, low, high; /* and the ends of 95 % intervals; NaN: undefined, or not measured */
} fv_metrics_section;
extern const fv_section fv_section_metrics;

/* Under which licences that is which the model is made from: a place in both lists is one thing. A model without this section
 * says nothing of it. */
typedef struct fv_licence_section {
    fv_strings of;       /* "training data"; of weights that were started from, their name */
    fv_strings licences; /* in the words of who made it: "CC-BY-4.0" */
} fv_licence_section;
extern const fv_section fv_section_licence;

/* Which model a model was made from. */
typedef struct fv_lineage_section {
    const char *parent; /* digest of its file */
    const char *arch;
    fv_strings classes; /* that it told apart */
} fv_lineage_section;
extern const fv_section fv_section_lineage;

/* Whose weights a model began with: importing writes it, fine-tuning carries it through, exporting takes names from it. */
typedef struct fv_origin_section {
    const char *arch;   /* with its options, those of the file's classes too */
    const char *style;  /* what its weights are called there */
    const char *format; /* of the file: "pth" */
    const char *name;   /* the file's, without folder */
} fv_origin_section;
extern const fv_section fv_section_origin;

#endif
