/* cairo.h - cairo, loaded when a chart or a sheet is drawn as PNG: with X11, fonts and their formats it is twenty libraries. */
#ifndef FV_PLOT_CAIRO_H
#define FV_PLOT_CAIRO_H

#include <cairo.h>

#include "fovea/error.h"

#define FV_CAIRO_FUNCTIONS(F)                                                                                                  \
    F(arc)                                                                                                                     \
    F(create)                                                                                                                  \
    F(destroy)                                                                                                                 \
    F(fill)                                                                                                                    \
    F(image_surface_create)                                                                                                    \
    F(image_surface_get_data)                                                                                                  \
    F(image_surface_get_stride)                                                                                                \
    F(line_to)                                                                                                                 \
    F(move_to)                                                                                                                 \
    F(new_path)                                                                                                                \
    F(paint)                                                                                                                   \
    F(rectangle)                                                                                                               \
    F(restore)                                                                                                                 \
    F(rotate)                                                                                                                  \
    F(save)                                                                                                                    \
    F(select_font_face)                                                                                                        \
    F(set_dash)                                                                                                                \
    F(set_font_size)                                                                                                           \
    F(set_line_join)                                                                                                           \
    F(set_line_width)                                                                                                          \
    F(set_source_rgb)                                                                                                          \
    F(set_source_surface)                                                                                                      \
    F(show_text)                                                                                                               \
    F(status)                                                                                                                  \
    F(status_to_string)                                                                                                        \
    F(stroke)                                                                                                                  \
    F(surface_destroy)                                                                                                         \
    F(surface_flush)                                                                                                           \
    F(surface_mark_dirty)                                                                                                      \
    F(surface_status)                                                                                                          \
    F(surface_write_to_png_stream)                                                                                             \
    F(text_extents)                                                                                                            \
    F(translate)

typedef struct fv_cairo_functions {
#define F(name) __typeof__(cairo_##name) *name;
    FV_CAIRO_FUNCTIONS(F)
#undef F
} fv_cairo_functions;

extern fv_cairo_functions fv_cairo; /* once fv_cairo_load has succeeded */
FV_MUST_USE fv_error *fv_cairo_load(void);

#endif
