/* HDF5 images written to memory: every dtype, more than was expected, and no memory for it. */
#include "core/formats/hdf5_image.h"

#include "core/base/memory.h"
#include "core/formats/model_file.h"
#include "tests/refusals.h"

static void add(fv_model *model, const char *name, fv_type type) {
    fv_tensor *tensor = NULL;
    FV_OK(fv_weights_add(fv_model_weights(model), name, &type, FV_SLOT, &tensor));
    for (int64_t i = 0; i < fv_type_bytes(&type); i++)
        ((uint8_t *)tensor->data)[i] = (uint8_t)(type.dtype == FV_BOOL ? i % 2 : 7 * i);
}

/* A model without a graph to speak of, with a section and a tensor of each dtype, one of them a scalar. */
static fv_model *new_model(void) {
    FV_OWNED(fv_graph) g = NULL;
    fv_model *model = NULL;
    FV_OK(fv_graph_new(&g));
    FV_OK(fv_model_new(g, &model));
    for (int dtype = 0; dtype < FV_DTYPES; dtype++)
        add(model, fv_dtype_name((fv_dtype)dtype), fv_type_of((fv_dtype)dtype, 3, 5));
    add(model, "scalar", (fv_type){ .dtype = FV_F32 });
    FV_OK(fv_model_set_section(model, "classes", 1, "{}"));
    return model;
}

static void check_same(const fv_model *model, const fv_model *back) {
    assert_int_equal(fv_weights_count(fv_model_weights(back)), fv_weights_count(fv_model_weights(model)));
    for (int64_t i = 0; i < fv_weights_count(fv_model_weights(model)); i++) {
        const char *name;
        const fv_tensor *was = fv_weights_at(fv_model_weights(model), i, &name, NULL);
        const fv_tensor *is = fv_weights_find(fv_model_weights(back), name);
        assert_non_null(is);
        assert_true(fv_type_equal(&was->type, &is->type));
        assert_memory_equal(was->data, is->data, (size_t)fv_type_bytes(&was->type));
    }
    assert_string_equal(fv_model_section(back, "classes", NULL), "{}");
}

static void check_bytes(const fv_model *model, uint8_t *bytes, int64_t length) {
    FV_OWNED(fv_model) back = NULL;
    FV_OK(fv_model_decode(bytes, length, "m", &back));
    check_same(model, back);
    fv_memory_free(bytes);
}

FV_TEST(core_formats_hdf5_image__every_dtype_comes_back_bit_for_bit) {
    FV_OWNED(fv_model) model = new_model();
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    check_bytes(model, bytes, length);
}

/* An image that was expected to be empty, with `count` texts of 3,000 letters. */
static fv_error *write_more(int count, fv_hdf5_image *image, int64_t *length) {
    static char text[3001];
    memset(text, 'x', sizeof text - 1);
    FV_HDF5_LOCKED;
    FV_HID(file, -1);
    FV_TRY(fv_hdf5_create(image, 0, &file));
    for (int i = 0; i < count; i++) {
        char name[24];
        snprintf(name, sizeof name, "%d", i);
        FV_TRY(fv_hdf5_add_text(file, name, text, NULL));
    }
    return fv_hdf5_finish(&file, length);
}

static fv_error *write_anew(int count, int64_t *length) {
    fv_hdf5_image image = { 0 };
    fv_error *error = write_more(count, &image, length);
    fv_memory_free(image.bytes);
    return error;
}

FV_TEST(core_formats_hdf5_image__grows_beyond_what_was_expected) {
    int64_t length = 0, live = fv_memory_live();
    FV_OK(write_anew(50, &length));
    assert_in_range(length, 150000, 300000);
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(write_anew(50, &length), assert_in_range(length, 150000, 300000));
    assert_int_equal(fv_memory_live(), live);
}

static fv_error *encode(const fv_model *model, uint8_t **bytes, int64_t *length) {
    *bytes = NULL;
    return fv_model_encode(model, true, bytes, length);
}

/* Writing goes to memory: whatever fails in it, that is what was wanting. */
FV_TEST(core_formats_hdf5_image__a_call_that_fails_while_writing_is_want_of_memory) {
    FV_OWNED(fv_model) model = new_model();
    uint8_t *bytes;
    int64_t length, live;
    FV_OK(encode(model, &bytes, &length));
    fv_memory_free(bytes);
    live = fv_memory_live();
    FV_TEST_EACH_CALL_FAILS(FV_CALLS_HDF5, 0, encode(model, &bytes, &length), 1u << FV_MEMORY,
                            check_bytes(model, bytes, length));
    assert_int_equal(fv_memory_live(), live);
}
