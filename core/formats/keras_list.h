/* keras_list.h - the weights of a Keras file gone through, by fovea-reader: the one step that trusts HDF5's library. */
#ifndef FV_FORMATS_KERAS_LIST_H
#define FV_FORMATS_KERAS_LIST_H

#include "core/formats/answer.h"

/* Adds each weight to the answer (begun by the caller) as a parameter. One that lies in the image as it is said by its place
 * there; others (compressed, in chunks, of another byte order) are unpacked into `content`, whose bytes count on from the
 * image's end. FV_MEMORY: there is no room for all. */
FV_MUST_USE fv_error *fv_keras_list(const uint8_t *image, int64_t length, uint8_t *content, int64_t content_length,
                                    fv_text *answer);

#endif
