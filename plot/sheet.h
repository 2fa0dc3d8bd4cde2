/* sheet.h - many pictures on one, in rows, with a caption under each: a PNG. */
#ifndef FV_PLOT_SHEET_H
#define FV_PLOT_SHEET_H

#include "plot/picture.h"

/* What a caption says: of a prediction, whether it is right (blue) or wrong (vermilion, and the picture framed). */
typedef enum fv_tone { FV_TONE_PLAIN, FV_TONE_RIGHT, FV_TONE_WRONG } fv_tone;

typedef struct fv_sheet_cell {
    fv_picture picture;
    const char *caption; /* lines with '\n' between; NULL: none. A line that is too long ends in "…" */
    fv_tone tone;
} fv_sheet_cell;

/* Zero in every member is the default. */
typedef struct fv_sheet_options {
    const char *title; /* a line above; NULL: none */
    int64_t columns;   /* 0: 8, or as many as there are pictures when those are fewer */
    int64_t cell;      /* pixels that a picture may have each way; 0: 112 */
} fv_sheet_options;

/* Appends the PNG. Each picture fills its cell as well as it can (fv_picture_fit). FV_USAGE: nothing to show, or a sheet larger
 * than a canvas may be: show fewer, or more in a row. */
FV_MUST_USE fv_error *fv_sheet_png(const fv_sheet_cell *cells, int64_t count, const fv_sheet_options *options, fv_text *out);
/* The same into a file, whole or not at all. */
FV_MUST_USE fv_error *fv_sheet_write(const fv_sheet_cell *cells, int64_t count, const fv_sheet_options *options,
                                     const char *path);

#endif
