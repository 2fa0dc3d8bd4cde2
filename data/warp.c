/* warp.c - pictures through a 3×3 matrix, and the matrices of turns and of four corners. */
#include "data/warp.h"

#include <math.h>
#include <string.h>

#include "core/base/assert.h"
#include "data/warp_line.h"

#define SIDE_MAX 65535
#define PI 3.14159265358979323846

/* Exact for quarter turns. */
static void sine_and_cosine(double degrees, double *sine, double *cosine) {
    static const double of_quarters[] = { 0, 1, 0, -1 };
    double within = fmod(degrees, 360);
    if (within < 0) within += 360;
    int quarter = (int)(within / 90);
    if (within == 90 * quarter) {
        *sine = of_quarters[quarter % 4];
        *cosine = of_quarters[(quarter + 1) % 4];
        return;
    }
    *sine = sin(degrees * (PI / 180));
    *cosine = cos(degrees * (PI / 180));
}

void fv_warp_of_turn(const fv_warp_turn *turn, int64_t in_height, int64_t in_width, int64_t height, int64_t width,
                     double back[9]) {
    double sine, cosine, across = tan(turn->shear_x * (PI / 180)), down = tan(turn->shear_y * (PI / 180));
    sine_and_cosine(turn->angle, &sine, &cosine);
    /* R · Y · X, whose determinant is 1, and its inverse over the zoom. */
    double f00 = cosine + sine * down, f10 = sine - cosine * down, f01 = -sine - across * f00, f11 = cosine - across * f10;
    double b[4] = { f11 / turn->zoom, -f01 / turn->zoom, -f10 / turn->zoom, f00 / turn->zoom };
    double x = (double)width / 2 + turn->shift_x, y = (double)height / 2 + turn->shift_y;
    double matrix[9] = { b[0], b[1], (double)in_width / 2 - b[0] * x - b[1] * y,
                         b[2], b[3], (double)in_height / 2 - b[2] * x - b[3] * y,
                         0,    0,    1 };
    memcpy(back, matrix, sizeof matrix);
}

static bool is_convex(const double corners[4][2]) {
    for (int i = 0; i < 4; i++) {
        const double *a = corners[i], *b = corners[(i + 1) % 4], *c = corners[(i + 2) % 4];
        if ((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) <= 0) return false;
    }
    return true;
}

/* The unit square to the corners in closed form, inverted by its adjugate. (Heckbert, "Fundamentals of texture mapping and
 * image warping", 1989, section 2.2.3.) */
bool fv_warp_of_corners(double right, double bottom, const double corners[4][2], double back[9]) {
    if (!is_convex(corners)) return false;
    const double *p = corners[0], *q = corners[1], *r = corners[2], *s = corners[3];
    double dx1 = q[0] - r[0], dx2 = s[0] - r[0], sx = p[0] - q[0] + r[0] - s[0];
    double dy1 = q[1] - r[1], dy2 = s[1] - r[1], sy = p[1] - q[1] + r[1] - s[1];
    double determinant = dx1 * dy2 - dx2 * dy1;
    double g = (sx * dy2 - dx2 * sy) / determinant, h = (dx1 * sy - sx * dy1) / determinant;
    double a = q[0] - p[0] + g * q[0], b = s[0] - p[0] + h * s[0], c = p[0];
    double d = q[1] - p[1] + g * q[1], e = s[1] - p[1] + h * s[1], f = p[1];
    double matrix[9] = { right * (e - f * h),  right * (c * h - b),  right * (b * f - c * e),
                         bottom * (f * g - d), bottom * (a - c * g), bottom * (c * d - a * f),
                         d * h - e * g,        b * g - a * h,        a * e - b * d };
    double scale = matrix[8] != 0 ? matrix[8] : 1;
    for (int i = 0; i < 9; i++) back[i] = matrix[i] / scale;
    return true;
}

static bool keeps_places(const fv_image *image, const fv_warp *warp) {
    const double *m = warp->back;
    return image->height == warp->height && image->width == warp->width && m[0] == m[8] && m[4] == m[8] && m[8] != 0 &&
           m[1] == 0 && m[2] == 0 && m[3] == 0 && m[5] == 0 && m[6] == 0 && m[7] == 0;
}

static fv_warp_plane plane_of(const fv_image *image, const fv_warp *warp, const uint8_t *fill) {
    fv_warp_plane plane = { .pixels = image->pixels,
                            .fill = fill,
                            .height = image->height,
                            .width = image->width,
                            .channels = image->channels,
                            .stride = fv_image_row_bytes(image),
                            .pixel = image->pixel,
                            .border = warp->border,
                            .nearest = warp->filter == FV_WARP_NEAREST,
                            .perspective = warp->back[6] != 0 || warp->back[7] != 0 };
    /* Half a pixel: from centres to corners; half a unit makes the rounding of a place its floor. */
    double moved = plane.nearest ? 0.5 : 0.5 * FV_WARP_ONE, unit = plane.perspective ? 1 : warp->back[8];
    for (int i = 0; i < 9; i++) {
        double folded = i < 6 ? warp->back[i] * FV_WARP_ONE - moved * warp->back[6 + i % 3] : warp->back[i];
        plane.rows[i] = folded / unit;
    }
    return plane;
}

fv_error *fv_image_warp(fv_image *image, const fv_warp *warp, fv_workspace *work) {
    FV_ASSERT(image->pixel != FV_PIXEL_U16 && warp->height > 0 && warp->width > 0);
    if (keeps_places(image, warp)) return NULL;
    if (image->height > SIDE_MAX || image->width > SIDE_MAX || warp->height > SIDE_MAX || warp->width > SIDE_MAX)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "a picture of %lld×%lld is more than %d pixels a side",
                                     (long long)image->height, (long long)image->width, SIDE_MAX),
                             "put resize before it");
    FV_TRY(fv_border_fill(image, warp->fill, work));
    FV_TRY(fv_image_resize(&work->spare, warp->height, warp->width, image->channels, image->pixel));
    fv_warp_plane plane = plane_of(image, warp, work->fill.pixels);
    uint8_t *to = work->spare.pixels;
    for (int64_t y = 0; y < warp->height; y++, to += fv_image_row_bytes(&work->spare)) fv_warp_row(&plane, y, warp->width, to);
    fv_image_swap(image, &work->spare);
    return NULL;
}
