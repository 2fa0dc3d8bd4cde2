/* warp.h - a picture seen through a 3×3 matrix: what rotate, affine and perspective share.
 *
 * Points are (x, y) in pixels from the top left corner of the picture, x to the right and y down; the centre of the pixel in
 * row r and column c is (c + 0.5, r + 0.5). */
#ifndef FV_DATA_WARP_H
#define FV_DATA_WARP_H

#include "data/window.h"

typedef enum fv_warp_filter { FV_WARP_BILINEAR, FV_WARP_NEAREST } fv_warp_filter;
#define FV_WARP_FILTER_NAMES "bilinear,nearest"

typedef struct fv_warp {
    double back[9];        /* rows of the matrix that takes a point (x, y, 1) of the result to its point in the picture */
    int64_t height, width; /* of the result */
    fv_warp_filter filter;
    fv_border border;
    fv_floats fill; /* as in fv_border_fill */
} fv_warp;

/* u8 or f32, any channel count. A pixel of the result is the picture at the point that its centre comes from: mixed of the four
 * nearest pixels, with the place known to 2⁻¹⁴ of a pixel, or (nearest) the pixel in which it lies. Beyond the edge the picture
 * goes on as `border` says, so that a constant border mixes with the picture over one pixel. Where points keep their places,
 * pixels keep their bits. FV_UNSUPPORTED: more than 65535 pixels a side. */
FV_MUST_USE fv_error *fv_image_warp(fv_image *image, const fv_warp *warp, fv_workspace *work);

/* Turned by `angle` degrees clockwise, zoomed and sheared about the centre, then shifted: the picture's point p goes to
 * c + (shift_x, shift_y) + R(angle) · zoom · Y(shear_y) · X(shear_x) · (p − c), where X(s) takes (x, y) to (x − y·tan s, y) and
 * Y(s) takes it to (x, y − x·tan s). */
typedef struct fv_warp_turn {
    double angle, zoom, shift_x, shift_y, shear_x, shear_y; /* zoom > 0; |shears| < 90 */
} fv_warp_turn;
/* `back` for it, from a result of height × width to a picture of in_height × in_width: centre to centre. */
void fv_warp_of_turn(const fv_warp_turn *turn, int64_t in_height, int64_t in_width, int64_t height, int64_t width,
                     double back[9]);

/* `back` for a picture whose rectangle from (0, 0) to (right, bottom) goes to the four corners: top left, top right, bottom
 * right, bottom left, each x, y. False: they are no convex quadrangle in that order, and there is no such view. */
bool fv_warp_of_corners(double right, double bottom, const double corners[4][2], double back[9]);

#endif
