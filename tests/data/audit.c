/* An audit of pictures of many channels: those that training could not use are rejected by it too. */
#include "data/audit.h"
#include "tests/data/pictures.h"

static int64_t usable(const char *dir, int64_t channels, const char *reason) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_audit) audit = NULL;
    const fv_audit_limits limits = { .near = -1 };
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .channels = channels, .allow_dropped = true }, &set));
    FV_OK(fv_audit_new(set, &limits, 0, NULL, NULL, &audit));
    const char *path, *why;
    fv_dataset_rejected(set, 0, &path, &why);
    assert_non_null(strstr(why, reason));
    return fv_dataset_count_all(set).usable;
}

FV_TEST(data_audit__rejects_channels_that_are_not_converted) {
    const char *dir = fv_test_folder();
    fv_test_copy("tiff/bands5_u16.tif", dir, "a/0.tif");
    fv_test_copy("tiff/bands12_u8.tif", dir, "a/1.tif");
    fv_test_copy("rgb.png", dir, "b/0.png");
    fv_test_copy("grey16.png", dir, "b/1.png");
    fv_test_copy("tiff/rgbx.tif", dir, "b/2.tif");
    assert_int_equal(usable(dir, 0, "5 channels, where 3 are wanted"), 3);
    assert_int_equal(usable(dir, 5, "12 channels, where 5 are wanted"), 1);
}
