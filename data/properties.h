/* properties.h - what a decoded picture looks like, in a dozen numbers that monitors follow. */
#ifndef FV_DATA_PROPERTIES_H
#define FV_DATA_PROPERTIES_H

#include "fovea/data.h"

/* Of the picture as it was decoded, before any transform. Nothing is allocated. Pictures of more than 256 rows are measured on
 * 128 evenly spaced triples of rows. */
void fv_image_properties_measure(const fv_image *image, fv_image_properties *out);

#endif
