/* picture.c - one way to read a picture, for files, streams and requests: what comes out has the same bits. */
#include "predict/picture.h"

#include <string.h>

#include "data/properties.h"

void fv_picture_work_release(fv_picture_work *work) {
    fv_image_release(&work->image);
    fv_workspace_release(&work->transforms);
}

static fv_error *check_size(fv_size wanted, const fv_image *image) {
    if (image->height == wanted.height && image->width == wanted.width && image->channels == wanted.channels) return NULL;
    return fv_fail(FV_SHAPE, "the transforms make it %lld × %lld × %lld, but the network takes %lld × %lld × %lld",
                   (long long)image->height, (long long)image->width, (long long)image->channels, (long long)wanted.height,
                   (long long)wanted.width, (long long)wanted.channels);
}

fv_error *fv_predictor_decode(const fv_predictor *p, const fv_predict_input *picture, const fv_decode_options *limits,
                              fv_image *image) {
    fv_decode_options options = { .channels = fv_predictor_input(p).channels, .keep_u16 = true }; /* as a data set reads it */
    if (limits) options.max_pixels = limits->max_pixels, options.max_bytes = limits->max_bytes;
    return picture->bytes ? fv_image_decode(picture->bytes, picture->length, picture->path, &options, image)
                          : fv_image_decode_file(picture->path, &options, image);
}

fv_error *fv_predictor_transform(const fv_predictor *p, const char *path, fv_picture_work *work) {
    const fv_transforms *transforms = fv_predictor_transforms(p);
    FV_TRY(fv_error_wrap(fv_transforms_run(transforms, FV_EVALUATION, NULL, &work->transforms, &work->image), "%s", path));
    return fv_error_wrap(check_size(fv_predictor_input(p), &work->image), "%s", path);
}

fv_error *fv_predictor_read(const fv_predictor *p, const fv_predict_input *picture, const fv_decode_options *limits,
                            fv_picture_work *work, fv_picture_facts *facts, float *row) {
    fv_image *image = &work->image;
    fv_size wanted = fv_predictor_input(p);
    FV_TRY(fv_predictor_decode(p, picture, limits, image));
    if (facts) facts->stored = (fv_size){ image->height, image->width, image->channels };
    if (facts && facts->measured) fv_image_properties_measure(image, &facts->properties);
    FV_TRY(fv_predictor_transform(p, picture->path, work));
    memcpy(row, image->pixels, (size_t)(wanted.height * wanted.width * wanted.channels) * sizeof *row);
    return NULL;
}
