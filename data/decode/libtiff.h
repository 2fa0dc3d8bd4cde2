/* libtiff.h - libtiff, loaded when a TIFF is met: with the compressions that it knows, one of them in C++, it is seven
 * libraries. */
#ifndef FV_DATA_LIBTIFF_H
#define FV_DATA_LIBTIFF_H

#include <tiffio.h>

#include "fovea/error.h"

#define FV_LIBTIFF_FUNCTIONS(F)                                                                                                \
    F(ClientOpenExt)                                                                                                           \
    F(Close)                                                                                                                   \
    F(FindCODEC)                                                                                                               \
    F(GetField)                                                                                                                \
    F(GetFieldDefaulted)                                                                                                       \
    F(IsCODECConfigured)                                                                                                       \
    F(IsTiled)                                                                                                                 \
    F(NumberOfStrips)                                                                                                          \
    F(NumberOfTiles)                                                                                                           \
    F(OpenOptionsAlloc)                                                                                                        \
    F(OpenOptionsFree)                                                                                                         \
    F(OpenOptionsSetErrorHandlerExtR)                                                                                          \
    F(OpenOptionsSetMaxSingleMemAlloc)                                                                                         \
    F(OpenOptionsSetWarningHandlerExtR)                                                                                        \
    F(RGBAImageBegin)                                                                                                          \
    F(RGBAImageEnd)                                                                                                            \
    F(RGBAImageGet)                                                                                                            \
    F(ReadEncodedStrip)                                                                                                        \
    F(ReadEncodedTile)                                                                                                         \
    F(SetField)                                                                                                                \
    F(StripSize)                                                                                                               \
    F(TileSize)

typedef struct fv_libtiff_functions {
#define F(name) __typeof__(TIFF##name) *name;
    FV_LIBTIFF_FUNCTIONS(F)
#undef F
} fv_libtiff_functions;

extern fv_libtiff_functions fv_libtiff; /* once fv_libtiff_load has succeeded */
FV_MUST_USE fv_error *fv_libtiff_load(void);

#endif
