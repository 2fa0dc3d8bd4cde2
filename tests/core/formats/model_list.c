/* HDF5 images that are none of ours, made by HDF5's own library out of a model file: what is in them is refused by name. */
#include "core/formats/model_list.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/formats/hdf5_image.h"
#include "core/formats/model_file.h"
#include "tests/refusals.h"

/* A checkpoint of one weight, a section and a slot, as a file in a new folder. */
static const char *new_file(void) {
    static char path[600];
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_model) model = NULL;
    fv_tensor *made;
    FV_OK(fv_graph_new(&g));
    fv_graph_output(g, "y", fv_graph_state(g, "w", fv_type_of(FV_F32, 4), FV_PARAMETER, "zeros"));
    FV_OK(fv_graph_error(g));
    FV_OK(fv_model_new(g, &model));
    FV_OK(fv_weights_add(fv_model_weights(model), "w", &(fv_type){ FV_F32, 1, { 4 } }, FV_PARAMETER, &made));
    FV_OK(fv_weights_add(fv_model_weights(model), "w.momentum", &(fv_type){ FV_F32, 1, { 4 } }, FV_SLOT, &made));
    FV_OK(fv_model_set_section(model, "classes", 1, "{}"));
    snprintf(path, sizeof path, "%s/m.fovea", fv_test_folder());
    FV_OK(fv_model_save_checkpoint(model, path, NULL));
    return path;
}

/* An image in memory that is asked for; `left`: how many more times it comes. */
typedef struct shelf {
    const uint8_t *bytes;
    int left;
} shelf;

static bool ask(void *context, int64_t offset, int64_t count, uint8_t *to) {
    shelf *s = context;
    if (s->left-- <= 0) return false;
    memcpy(to, s->bytes + offset, (size_t)count);
    return true;
}

static fv_error *list_asked(const uint8_t *bytes, int64_t length, int times, fv_text *answer) {
    int version;
    shelf s = { bytes, times };
    fv_answer_begin(answer);
    return fv_model_list_asked(&(fv_hdf5_source){ .length = length, .ask = ask, .context = &s }, answer, &version);
}

/* Lists the model's file after it was changed by HDF5; asked for, it is listed, or refused, as well. */
static fv_error *list_changed(void (*change)(hid_t file)) {
    const char *path = new_file();
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    change(file);
    assert_true(H5Fclose(file) >= 0);
    uint8_t *bytes = NULL;
    int64_t length;
    int version;
    FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
    FV_OK(fv_file_read(path, 1 << 20, &bytes, &length));
    fv_answer_begin(&answer);
    fv_error *error = fv_model_list(bytes, length, &answer, &version);
    FV_TEXT(asked, FV_ANSWER_BYTES_MAX);
    fv_error *other = list_asked(bytes, length, 1000, &asked);
    fv_memory_free(bytes);
    if (error) {
        assert_non_null(other);
        assert_string_equal(fv_error_message(other), fv_error_message(error));
        fv_error_free(other);
        return error;
    }
    FV_OK(other);
    assert_int_equal(asked.length, answer.length);
    assert_memory_equal(asked.at, answer.at, (size_t)answer.length);
    return NULL;
}

static void change_nothing(hid_t file) { (void)file; }

/* A data set of that type and shape in place of the one there. */
static void replace(hid_t file, const char *name, hid_t type, hid_t space, hid_t creation) {
    if (H5Lexists(file, name, H5P_DEFAULT) > 0) assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(set >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

static hid_t text_of(size_t length) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, length);
    return type;
}

static hid_t vector_of(hsize_t length) { return H5Screate_simple(1, &length, NULL); }

static void make_graph_a_number(hid_t file) { replace(file, "graph", H5T_STD_I32LE, H5Screate(H5S_SCALAR), H5P_DEFAULT); }
static void make_graph_several_texts(hid_t file) { replace(file, "graph", text_of(8), vector_of(2), H5P_DEFAULT); }
static void make_graph_of_no_length(hid_t file) {
    replace(file, "graph", text_of(H5T_VARIABLE), H5Screate(H5S_SCALAR), H5P_DEFAULT);
}
static void make_graph_too_long(hid_t file) { replace(file, "graph", text_of(1 << 20), H5Screate(H5S_SCALAR), H5P_DEFAULT); }
static void leave_graph_unwritten(hid_t file) { replace(file, "graph", text_of(100), H5Screate(H5S_SCALAR), H5P_DEFAULT); }
static void make_graph_a_group(hid_t file) {
    H5Ldelete(file, "graph", H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "graph", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}
static void keep_graph_elsewhere(hid_t file) {
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(list, "/etc/hostname", 0, 100);
    replace(file, "graph", text_of(8), vector_of(1), list);
}
static void compress_parameters(hid_t file) {
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t chunk = 4;
    H5Pset_chunk(list, 1, &chunk);
    H5Pset_deflate(list, 1);
    replace(file, "parameters/w", H5T_IEEE_F32LE, vector_of(4), list);
}
static void remove_sections(hid_t file) { H5Ldelete(file, "sections", H5P_DEFAULT); }
static void link_away(hid_t file) { H5Lcreate_soft("/graph", file, "sections/more", H5P_DEFAULT, H5P_DEFAULT); }
static void name_at_length(hid_t file) {
    char name[5000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    hid_t group = H5Gopen2(file, "sections", H5P_DEFAULT);
    H5Lcreate_hard(file, "graph", group, name, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
}

static void set_version(hid_t file, hid_t type, hid_t space) {
    hid_t set = H5Dopen2(file, "sections/classes", H5P_DEFAULT);
    H5Adelete(set, "version");
    H5Aclose(H5Acreate2(set, "version", type, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Dclose(set);
}
static void make_version_a_fraction(hid_t file) { set_version(file, H5T_IEEE_F64LE, H5Screate(H5S_SCALAR)); }
static void make_version_a_list(hid_t file) { set_version(file, H5T_STD_I32LE, vector_of(2)); }

static void set_dtype(hid_t file, const char *dtype) {
    hid_t set = H5Dopen2(file, "parameters/w", H5P_DEFAULT), type = text_of(strlen(dtype));
    H5Adelete(set, "dtype");
    hid_t attribute = H5Acreate2(set, "dtype", type, H5Screate(H5S_SCALAR), H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, dtype);
    H5Aclose(attribute);
    H5Dclose(set);
}
static void make_dtype_unknown(hid_t file) { set_dtype(file, "f31"); }
static void make_dtype_another(hid_t file) { set_dtype(file, "f64"); }
static void make_dtype_long(hid_t file) { set_dtype(file, "a name longer than that of any"); }
static void remove_dtype(hid_t file) {
    hid_t set = H5Dopen2(file, "parameters/w", H5P_DEFAULT);
    H5Adelete(set, "dtype");
    H5Dclose(set);
}

static void replace_tensor(hid_t file, int rank, const hsize_t *dims) {
    replace(file, "parameters/w", H5T_IEEE_F32LE, H5Screate_simple(rank, dims, NULL), H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "parameters/w", H5P_DEFAULT), type = text_of(3);
    hid_t attribute = H5Acreate2(set, "dtype", type, H5Screate(H5S_SCALAR), H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, "f32");
    H5Aclose(attribute);
    H5Dclose(set);
}
static void make_too_many_dimensions(hid_t file) { replace_tensor(file, 9, (const hsize_t[]){ 1, 1, 1, 1, 1, 1, 1, 1, 1 }); }
static void claim_more_than_there_is(hid_t file) { replace_tensor(file, 1, (const hsize_t[]){ 1 << 20 }); }

FV_TEST(core_formats_model_list__says_what_an_image_has_that_is_none_of_ours) {
    static const struct {
        void (*change)(hid_t file);
        const char *says;
    } cases[] = {
        { make_graph_a_number, "graph is not one fixed-length text" },
        { make_graph_several_texts, "graph is not one fixed-length text" },
        { make_graph_of_no_length, "graph is not one fixed-length text" },
        { make_graph_too_long, "graph says it has 1048576 bytes, more than there can be" },
        { leave_graph_unwritten, "graph says it has 100 bytes, more than there are" },
        { make_graph_a_group, "graph is missing or no data set" },
        { keep_graph_elsewhere, "graph is not one unfiltered piece of the file" },
        { compress_parameters, "w is not one unfiltered piece of the file" },
        { remove_sections, "it has no group sections" },
        { link_away, "more is a link to elsewhere" },
        { name_at_length, "of a group has no usable name" },
        { make_version_a_fraction, "it has no whole number version" },
        { make_version_a_list, "it has no whole number version" },
        { make_dtype_unknown, "w has an unknown dtype \"f31\"" },
        { make_dtype_another, "w is not stored as its dtype says" },
        { make_dtype_long, "w: dtype says it has 30 bytes, more than there can be" },
        { remove_dtype, "w: it has no attribute dtype" },
        { make_too_many_dimensions, "w has 9 dimensions; there are at most 8" },
        { claim_more_than_there_is, "w says it has 4194304 bytes, more than there are" },
    };
    FV_OK(list_changed(change_nothing));
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        print_message("%s\n", cases[i].says);
        FV_FAILS(list_changed(cases[i].change), FV_FORMAT, cases[i].says);
    }
}

FV_TEST(core_formats_model_list__bytes_that_do_not_come_are_an_error) {
    uint8_t *bytes = NULL;
    int64_t length;
    fv_error *error = NULL;
    int times = 0;
    FV_OK(fv_file_read(new_file(), 1 << 20, &bytes, &length));
    do {
        FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
        fv_error_free(error);
        error = list_asked(bytes, length - FV_MODEL_TRAILER, times, &answer);
        if (error) assert_int_equal(fv_error_code(error), FV_FORMAT);
    } while (error && ++times < 100);
    fv_memory_free(bytes);
    assert_null(error);
    assert_true(times > 0);
}

FV_TEST(core_formats_model_list__an_answer_that_is_full_is_an_error) {
    uint8_t *bytes = NULL;
    int64_t length;
    int version;
    FV_TEXT(answer, 300);
    FV_OK(fv_file_read(new_file(), 1 << 20, &bytes, &length));
    fv_answer_begin(&answer);
    FV_FAILS(fv_model_list(bytes, length - FV_MODEL_TRAILER, &answer, &version), FV_MEMORY, "beyond its cap of 300");
    fv_memory_free(bytes);
}

static fv_error *decode(const uint8_t *bytes, int64_t length, fv_model **out) {
    *out = NULL;
    return fv_model_decode(bytes, length, "m.fovea", out);
}

/* A call of HDF5's that fails loses nothing: neither slots nor a section's text are missing from what is read. */
FV_TEST(core_formats_model_list__a_call_that_fails_loses_nothing_unsaid) {
    uint8_t *bytes = NULL;
    int64_t length;
    fv_model *model = NULL;
    FV_OK(fv_file_read(new_file(), 1 << 20, &bytes, &length));
    FV_OK(decode(bytes, length, &model)); /* what is taken once in a process is taken */
    fv_model_free(model);
    FV_TEST_EACH_CALL_FAILS(FV_CALLS_HDF5, 0, decode(bytes, length, &model), FV_ONE_OF(FV_FORMAT, FV_MEMORY), {
        assert_int_equal(fv_weights_count(fv_model_weights(model)), 2);
        assert_string_equal(fv_model_section(model, "classes", NULL), "{}");
        fv_model_free(model);
    });
    fv_memory_free(bytes);
}
