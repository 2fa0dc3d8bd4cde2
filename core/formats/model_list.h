/* model_list.h - a model's HDF5 image gone through: the one step of reading a model file that trusts HDF5's library. */
#ifndef FV_FORMATS_MODEL_LIST_H
#define FV_FORMATS_MODEL_LIST_H

#include "core/formats/answer.h"
#include "core/formats/hdf5_image.h"

/* The group of a role: "parameters", "buffers", "slots". */
extern const char *const fv_role_groups[];

/* Adds each data set of the image to the answer (begun by the caller) and says the model's version. */
FV_MUST_USE fv_error *fv_model_list(const uint8_t *image, int64_t length, fv_text *answer, int *version);
/* The same of an image that is asked for. */
FV_MUST_USE fv_error *fv_model_list_asked(const fv_hdf5_source *source, fv_text *answer, int *version);

#endif
