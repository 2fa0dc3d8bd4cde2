/* Any bytes as a batch of CIFAR-10, or of CIFAR-100 where the first is odd: an error, or pictures that can all be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "data/dataset.h"

static void read_all(const char *folder) {
    FV_OWNED(fv_dataset) set = NULL;
    fv_error *error = fv_dataset_open(folder, &(fv_dataset_options){ .source = "cifar_binary" }, &set);
    fv_image image = { 0 };
    for (int64_t i = 0; !error && i < fv_dataset_count(set); i++) {
        error = fv_dataset_read(set, i, &image);
        FV_ASSERT(error || (image.height == 32 && image.width == 32 && image.channels == 3));
        FV_ASSERT(error || fv_dataset_class(set, i) < fv_dataset_class_count(set));
    }
    fv_image_release(&image);
    fv_error_free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char folder[] = "/tmp/fovea-fuzz-cifar-XXXXXX", path[64];
    if (!size || !mkdtemp(folder)) return 0;
    snprintf(path, sizeof path, "%s/%s", folder, data[0] & 1 ? "train.bin" : "data_batch_1.bin");
    FILE *file = fopen(path, "wbe");
    FV_ASSERT(file && fwrite(data + 1, 1, size - 1, file) == size - 1 && !fclose(file));
    read_all(folder);
    unlink(path);
    rmdir(folder);
    return 0;
}
