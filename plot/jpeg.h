/* jpeg.h - a picture as JPEG, for photographs in a page. */
#ifndef FV_PLOT_JPEG_H
#define FV_PLOT_JPEG_H

#include "plot/picture.h"

/* Appends it, RGB, at quality 88 with full colour resolution. `picture` has three channels, and sides up to 65500. */
FV_MUST_USE fv_error *fv_picture_to_jpeg(const fv_picture *picture, fv_text *out);

#endif
