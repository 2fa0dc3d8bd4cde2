/* weights.h - files of weights in tests: those of tests/fuzz/corpus, made by tests/golden/weights.py. */
#ifndef FV_TESTS_FORMATS_WEIGHTS_H
#define FV_TESTS_FORMATS_WEIGHTS_H

#include "core/base/file.h"
#include "core/formats/format.h"
#include "tests/test.h"

#define FV_CORPUS FOVEA_SOURCE "/tests/fuzz/corpus/"

/* The tensor's elements are `count` values, in row order. */
static inline void fv_test_values(const fv_foreign_file *file, const char *name, const double *values, int64_t count) {
    const fv_foreign_tensor *t = fv_foreign_find(file, name);
    double room[256];
    assert_non_null(t);
    assert_int_equal(fv_foreign_count(t), count);
    fv_type type = fv_type_make(FV_F64, t->dims, t->rank);
    fv_tensor to = fv_tensor_of(&type, room);
    fv_foreign_copy(t, NULL, &to);
    for (int64_t i = 0; i < count; i++) assert_true(room[i] == values[i]);
}
#define FV_VALUES_ARE(file, name, ...)                                                                                         \
    fv_test_values((file), (name), (const double[]){ __VA_ARGS__ },                                                            \
                   (int64_t)(sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double)))

typedef struct fv_refused_file {
    const char *name;
    fv_code code;
    const char *part; /* of the message */
} fv_refused_file;

/* Each is refused, and in these words; a format of NULL is told by content. */
static inline void fv_test_refused(const fv_format *format, const char *folder, const fv_refused_file *files) {
    for (; files->name; files++) {
        FV_OWNED(fv_foreign_file) file = NULL;
        FV_OWNED(fv_memory) bytes = NULL;
        int64_t length;
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, files->name);
        FV_OK(fv_file_read(path, 1 << 20, (uint8_t **)&bytes, &length));
        FV_FAILS(fv_foreign_parse(format, (uint8_t *)bytes, length, files->name, NULL, &file), files->code, files->part);
        assert_null(file);
    }
}

#endif
