/* picture.h - from a picture's file to a row of the network's input. */
#ifndef FV_PREDICT_PICTURE_H
#define FV_PREDICT_PICTURE_H

#include "data/transform.h"
#include "fovea/predict.h"

/* What is used again from picture to picture: one thread's. { 0 }, then fv_picture_work_release. It holds one picture, however
 * large the file's. */
typedef struct fv_picture_work {
    fv_image image;
    fv_workspace transforms;
} fv_picture_work;
void fv_picture_work_release(fv_picture_work *work);

/* What is found out about it on the way. */
typedef struct fv_picture_facts {
    bool measured;                  /* set it where the properties are wanted */
    fv_size stored;                 /* as decoded; zeros: it was not */
    fv_image_properties properties; /* of that */
} fv_picture_facts;

/* Decodes it and applies the model's transforms; `row`: height × width × channels of the network's input. `limits` (NULL: the
 * defaults) says max_pixels and max_bytes alone; `facts` may be NULL.
 * Threads may read for one predictor at once, each with its own `work`. FV_FORMAT, FV_UNSUPPORTED: the file is no picture, or
 * over a limit; FV_SHAPE: the transforms do not give what the network takes. */
FV_MUST_USE fv_error *fv_predictor_read(const fv_predictor *predictor, const fv_predict_input *picture,
                                        const fv_decode_options *limits, fv_picture_work *work, fv_picture_facts *facts,
                                        float *row);

/* The two halves of it, for who wants the picture in between: decoded into `image`; and what the transforms make of the decoded
 * picture in work->image, in place. `path` names it in errors. */
FV_MUST_USE fv_error *fv_predictor_decode(const fv_predictor *predictor, const fv_predict_input *picture,
                                          const fv_decode_options *limits, fv_image *image);
FV_MUST_USE fv_error *fv_predictor_transform(const fv_predictor *predictor, const char *path, fv_picture_work *work);

#endif
