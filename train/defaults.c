/* defaults.c - transforms for a recipe that names none, by the size of the network's input.
 *
 *   grey, up to 64 pixels   scans and digits: a shift by a sixteenth; no flips, a mirrored 2 is none
 *   up to 64 pixels         small colour pictures: the shift and flip that CIFAR-10 networks are trained with
 *   larger                  photographs: a random part of the picture and a flip; evaluated on the centre of a picture whose
 * short side is 8/7 of the input (He et al., arXiv 1512.03385, section 3.4) */
#include "core/base/size.h"
#include "train/trainer.h"

/* Mean and deviation of ImageNet's training pictures, on the scale 0 … 1: what pretrained networks expect. */
#define IMAGENET "normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225"
#define CENTRED "normalize mean=0.5 std=0.5"

fv_error *fv_default_transforms(fv_size input, fv_arena *arena, const char **out) {
    long long height = input.height, width = input.width, longest = height > width ? height : width;
    const char *normalize = input.channels == 3 ? IMAGENET : CENTRED;
    if (longest > 64)
        return fv_arena_format(arena, out,
                               "random_resized_crop size=%lld,%lld; hflip; resize size=%lld when=evaluation; "
                               "center_crop size=%lld,%lld when=evaluation; %s",
                               height, width, longest * 8 / 7, height, width, normalize);
    long long shift = longest / (input.channels == 3 ? 8 : 16);
    return fv_arena_format(arena, out, "resize size=%lld,%lld; random_crop size=%lld,%lld padding=%lld; %s%s", height, width,
                           height, width, shift, input.channels == 3 ? "hflip; " : "", normalize);
}
