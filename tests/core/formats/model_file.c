/* Model files: what comes back, that bytes tell content alone, what is refused and in which words. */
#include "core/formats/model_file.h"

#include <hdf5.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/formats/model_trailer.h"
#include "tests/refusals.h"

/* x → linear → logits, and a buffer and slots beside. `reverse`: the tensors are made in another order. */
static fv_graph *new_graph(void) {
    fv_graph *g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_value x = fv_graph_input(g, "x", fv_type_of(FV_F32, 2, 3));
    fv_value w = fv_graph_state(g, "fc.weight", fv_type_of(FV_F32, 4, 3), FV_PARAMETER, "kaiming_normal");
    fv_value mean = fv_graph_state(g, "norm/mean%1", fv_type_of(FV_F64, 4), FV_BUFFER, NULL);
    fv_value y = fv_apply(g, "linear", FV_VALUES(x, w), NULL);
    fv_graph_output(g, "logits", y);
    fv_graph_output(g, "mean", mean);
    FV_OK(fv_graph_error(g));
    return g;
}

static void add(fv_model *model, const char *name, fv_type type, fv_role role) {
    fv_tensor *tensor = NULL;
    FV_OK(fv_weights_add(fv_model_weights(model), name, &type, role, &tensor));
    for (int64_t i = 0; i < fv_type_count(&type); i++) fv_tensor_store(tensor, i, (double)i + 0.5 + (double)role);
}

static fv_model *new_model(bool reverse) {
    FV_OWNED(fv_graph) g = new_graph();
    fv_model *model = NULL;
    FV_OK(fv_model_new(g, &model));
    const struct {
        const char *name;
        fv_type type;
        fv_role role;
    } tensors[] = { { "fc.weight", fv_type_of(FV_F32, 4, 3), FV_PARAMETER },
                    { "norm/mean%1", fv_type_of(FV_F64, 4), FV_BUFFER },
                    { "fc.weight.momentum", fv_type_of(FV_F32, 4, 3), FV_SLOT },
                    { "step", fv_type_of(FV_I64), FV_SLOT },
                    { "none", fv_type_of(FV_U8, 0, 7), FV_SLOT },
                    { "half", fv_type_of(FV_BF16, 3), FV_SLOT } };
    const char *const sections[] = { "classes", "training" };
    for (int i = 0; i < 6; i++)
        add(model, tensors[reverse ? 5 - i : i].name, tensors[reverse ? 5 - i : i].type, tensors[reverse ? 5 - i : i].role);
    for (int i = 0; i < 2; i++)
        FV_OK(fv_model_set_section(model, sections[reverse ? 1 - i : i], 1 + (i ^ reverse), "{\"names\":[\"a\",\"ü\"]}"));
    return model;
}

static void assert_same_tensor(fv_model *a, fv_model *b, const char *name) {
    const fv_tensor *x = fv_weights_find(fv_model_weights(a), name), *y = fv_weights_find(fv_model_weights(b), name);
    assert_non_null(x);
    assert_non_null(y);
    assert_true(fv_type_equal(&x->type, &y->type));
    assert_memory_equal(x->data, y->data, (size_t)fv_type_bytes(&x->type));
}

FV_TEST(core_formats_model_file__a_checkpoint_comes_back_as_it_was) {
    FV_OWNED(fv_model) model = new_model(false);
    FV_OWNED(fv_model) back = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    FV_OK(fv_model_decode(bytes, length, "m", &back));
    fv_memory_free(bytes);
    const char *const names[] = { "fc.weight", "norm/mean%1", "fc.weight.momentum", "step", "none", "half" };
    assert_int_equal(fv_weights_count(fv_model_weights(back)), 6);
    for (int i = 0; i < 6; i++) assert_same_tensor(model, back, names[i]);
    int version;
    assert_string_equal(fv_model_section(back, "classes", &version), "{\"names\":[\"a\",\"ü\"]}");
    assert_int_equal(version, 1);
    assert_non_null(fv_model_section(back, "training", &version));
    assert_int_equal(version, 2);
    char *was = NULL, *is = NULL;
    FV_OK(fv_graph_to_text(fv_model_graph(model), &was));
    FV_OK(fv_graph_to_text(fv_model_graph(back), &is));
    assert_string_equal(is, was);
    fv_string_free(was);
    fv_string_free(is);
}

/* The first trailer: one chain of BLAKE2b over all that is before the hash. */
FV_TEST(core_formats_model_file__a_file_from_before_the_tree_of_hashes_is_read) {
    FV_OWNED(fv_model) model = new_model(false);
    FV_OWNED(fv_model) back = NULL;
    fv_model *none = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    bytes[length - FV_MODEL_TRAILER + 7] = 1;
    FV_FAILS(fv_model_decode(bytes, length, "m", &none), FV_FORMAT, "m was changed after it was written");
    crypto_generichash(bytes + length - 32, 32, bytes, (size_t)length - 32, NULL, 0);
    FV_OK(fv_model_decode(bytes, length, "m", &back));
    assert_same_tensor(model, back, "fc.weight");
    bytes[length / 2] ^= 1;
    FV_FAILS(fv_model_decode(bytes, length, "m", &none), FV_FORMAT, "m was changed after it was written");
    fv_memory_free(bytes);
}

/* Weights that lie in the file's copy can be written to, each process for itself, and the file stays as it was. */
FV_TEST(core_formats_model_file__one_that_is_opened_has_its_weights_in_the_files_copy) {
    FV_OWNED(fv_model) model = new_model(false);
    FV_OWNED(fv_model) opened = NULL;
    FV_OWNED(fv_model) other = NULL;
    char path[400];
    const char *const names[] = { "fc.weight", "norm/mean%1", "fc.weight.momentum", "step", "none", "half" };
    snprintf(path, sizeof path, "%s/m.fovea", fv_test_folder());
    FV_OK(fv_model_save_checkpoint(model, path, NULL));
    FV_OK(fv_model_open(path, &opened));
    FV_OK(fv_model_open(path, &other));
    for (int i = 0; i < 6; i++) assert_same_tensor(model, opened, names[i]);
    fv_tensor_store(fv_weights_find(fv_model_weights(opened), "fc.weight"), 0, 99);
    assert_same_tensor(model, other, "fc.weight");
    FV_FAILS(fv_model_open("/nowhere/m.fovea", &opened), FV_NOT_FOUND, "/nowhere/m.fovea");
}

FV_TEST(core_formats_model_file__a_plain_file_has_neither_slots_nor_training) {
    FV_OWNED(fv_model) model = new_model(false);
    FV_OWNED(fv_model) back = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_model_encode(model, false, &bytes, &length));
    FV_OK(fv_model_decode(bytes, length, "m", &back));
    fv_memory_free(bytes);
    assert_int_equal(fv_weights_count(fv_model_weights(back)), 2);
    assert_null(fv_model_section(back, "training", NULL));
    assert_non_null(fv_model_section(back, "classes", NULL));
}

FV_TEST(core_formats_model_file__equal_content_is_equal_bytes_in_any_order_of_making) {
    FV_OWNED(fv_model) one = new_model(false);
    FV_OWNED(fv_model) other = new_model(true);
    uint8_t *a, *b, *c;
    int64_t a_length, b_length, c_length;
    FV_OK(fv_model_encode(one, true, &a, &a_length));
    usleep(1100000); /* object times, were there any, count seconds */
    FV_OK(fv_model_encode(other, true, &b, &b_length));
    assert_int_equal(a_length, b_length);
    assert_memory_equal(a, b, (size_t)a_length);
    FV_OWNED(fv_model) back = NULL;
    FV_OK(fv_model_decode(a, a_length, "m", &back));
    FV_OK(fv_model_encode(back, true, &c, &c_length));
    assert_int_equal(a_length, c_length);
    assert_memory_equal(a, c, (size_t)a_length);
    fv_memory_free(a);
    fv_memory_free(b);
    fv_memory_free(c);
}

FV_TEST(core_formats_model_file__another_hdf5_program_reads_it_from_disk) {
    FV_OWNED(fv_model) model = new_model(false);
    char path[400];
    snprintf(path, sizeof path, "%s/m.fovea", fv_test_folder());
    FV_OK(fv_model_save(model, path));
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    hid_t set = H5Dopen2(file, "/parameters/fc.weight", H5P_DEFAULT);
    assert_true(set >= 0);
    float values[12];
    assert_true(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    for (int i = 0; i < 12; i++) assert_float_equal(values[i], (double)i + 0.5, 0);
    H5Dclose(set);
    assert_true(H5Lexists(file, "/buffers/norm%2Fmean%251", H5P_DEFAULT) > 0);
    H5Fclose(file);
}

FV_TEST(core_formats_model_file__every_cut_and_every_changed_byte_is_refused) {
    FV_OWNED(fv_model) model = new_model(false);
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    fv_model *back = NULL;
    for (int64_t cut = 0; cut < length; cut++) FV_FAILS(fv_model_decode(bytes, cut, "m.fovea", &back), FV_FORMAT, "m.fovea ");
    for (int64_t at = 0; at < length; at++) {
        uint8_t flipped = (uint8_t)(1 << at % 8);
        bytes[at] ^= flipped;
        FV_FAILS(fv_model_decode(bytes, length, "m.fovea", &back), FV_FORMAT, "m.fovea ");
        bytes[at] ^= flipped;
    }
    FV_OK(fv_model_decode(bytes, length, "m", &back));
    fv_model_free(back);
    fv_memory_free(bytes);
}

static int64_t find(const uint8_t *bytes, int64_t length, const char *text) {
    const uint8_t *at = memmem(bytes, (size_t)length, text, strlen(text));
    assert_non_null(at);
    return at - bytes;
}

FV_TEST(core_formats_model_file__a_damaged_file_is_refused_by_its_path) {
    FV_OWNED(fv_model) model = new_model(false);
    fv_model *back = NULL;
    uint8_t *bytes;
    int64_t length;
    char path[400];
    snprintf(path, sizeof path, "%s/m.fovea", fv_test_folder());
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    for (int i = 0; i < 8; i++) {
        FV_OK(fv_file_write(path, bytes, i * length / 8, NULL));
        FV_FAILS(fv_model_load(path, &back), FV_FORMAT, path);
        bytes[i * length / 8] ^= 1;
        FV_OK(fv_file_write(path, bytes, length, NULL));
        FV_FAILS(fv_model_load(path, &back), FV_FORMAT, path);
        bytes[i * length / 8] ^= 1;
    }
    fv_memory_free(bytes);
}

/* Makes the hash fit again, as somebody would who means harm. */
static void sign(uint8_t *bytes, int64_t length) { FV_OK(fv_trailer_write(bytes, length - FV_MODEL_TRAILER)); }

FV_TEST(core_formats_model_file__a_file_edited_and_signed_again_is_read_or_refused) {
    FV_OWNED(fv_model) model = new_model(false);
    uint8_t *bytes;
    int64_t length;
    int refused = 0;
    char path[400];
    snprintf(path, sizeof path, "%s/m.fovea", fv_test_folder());
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    for (int64_t at = 8; at < length - FV_MODEL_TRAILER; at += length / 61) {
        fv_model *back = NULL;
        bytes[at] ^= 0x81;
        sign(bytes, length);
        FV_OK(fv_file_write(path, bytes, length, NULL));
        fv_error *error = fv_model_load(path, &back);
        char text[2048];
        if (error && !strstr(fv_error_format(error, text, sizeof text), path)) fail_msg("\"%s\" does not name the file", text);
        refused += error != NULL;
        fv_error_free(error);
        fv_model_free(back);
        bytes[at] ^= 0x81;
    }
    assert_in_range(refused, 1, 61);
    fv_memory_free(bytes);
}

FV_TEST(core_formats_model_file__says_what_is_wrong) {
    FV_OWNED(fv_model) model = new_model(false);
    fv_model *back = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    FV_FAILS(fv_model_decode((const uint8_t *)"GIF89a, not one", 15, "cat.gif", &back), FV_FORMAT,
             "cat.gif is not a fovea model");
    FV_FAILS(fv_model_decode(bytes, length / 2, "m", &back), FV_FORMAT, "m is cut short");
    FV_FAILS(fv_model_decode(bytes, length - FV_MODEL_TRAILER, "m", &back), FV_FORMAT, "not a fovea model: it has no trailer");
    bytes[length / 2] ^= 1;
    FV_FAILS(fv_model_decode(bytes, length, "m", &back), FV_FORMAT, "m was changed after it was written");
    bytes[length / 2] ^= 1;
    int64_t at = find(bytes, length, "fovea model");
    bytes[at] = 'g';
    sign(bytes, length);
    FV_FAILS(fv_model_decode(bytes, length, "m", &back), FV_FORMAT, "its format is \"govea model\"");
    bytes[at] = 'f';
    at = find(bytes, length, "linear(x");
    bytes[at] = 'L';
    sign(bytes, length);
    FV_FAILS(fv_model_decode(bytes, length, "m", &back), FV_NOT_FOUND, "Linear");
    fv_memory_free(bytes);
    FV_FAILS(fv_model_load("/nowhere/m.fovea", &back), FV_NOT_FOUND, "/nowhere/m.fovea");
}

FV_TEST(core_formats_model_file__a_model_without_the_tensors_of_its_graph_is_refused) {
    FV_OWNED(fv_graph) g = new_graph();
    FV_OWNED(fv_model) model = NULL;
    fv_model *back = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_model_new(g, &model));
    add(model, "fc.weight", fv_type_of(FV_F32, 3, 4), FV_PARAMETER);
    FV_OK(fv_model_encode(model, false, &bytes, &length));
    FV_FAILS(fv_model_decode(bytes, length, "m", &back), FV_FORMAT, "fc.weight is f32[3,4], but its graph needs f32[4,3]");
    fv_memory_free(bytes);
}

FV_TEST(core_formats_model_file__the_checkpoint_before_stays_beside) {
    FV_OWNED(fv_model) model = new_model(false);
    FV_OWNED(fv_model) back = NULL;
    const char *folder = fv_test_folder();
    char last[400], previous[400];
    snprintf(last, sizeof last, "%s/last.fovea", folder);
    snprintf(previous, sizeof previous, "%s/previous.fovea", folder);
    FV_OK(fv_model_save_checkpoint(model, last, previous));
    assert_int_equal(fv_file_kind_of(previous), FV_FILE_NONE);
    FV_OK(fv_model_set_section(model, "training", 7, "{}"));
    FV_OK(fv_model_save_checkpoint(model, last, previous));
    int version;
    FV_OK(fv_model_load(previous, &back));
    assert_non_null(fv_model_section(back, "training", &version));
    assert_int_equal(version, 2);
    fv_model_free(fv_take(&back));
    FV_OK(fv_model_load(last, &back));
    assert_string_equal(fv_model_section(back, "training", &version), "{}");
    assert_int_equal(version, 7);
}

FV_TEST(core_formats_model_file__the_bound_is_what_a_file_takes) {
    FV_OWNED(fv_model) model = new_model(false);
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    assert_in_range(length, 1, fv_model_encoded_bound(model, true));
    fv_memory_free(bytes);
}

typedef struct picnic {
    fv_strings names;
    double share;
} picnic;
static const fv_field fields[] = { FV_FIELD(picnic, names, .help = "who comes"),
                                   FV_FIELD(picnic, share, .by_default = "0.5", .help = "of the cake"), FV_FIELDS_END };
/* Version 2 called the names guests. (Version 1 is forgotten.) */
static fv_error *upgrade(int version, const char *text, fv_text *out) {
    const char *names = strstr(text, "\"guests\"");
    if (version != 2 || !names) return fv_fail(FV_FORMAT, "it has no guests");
    fv_text_add_bytes(out, text, names - text);
    fv_text_addf(out, "\"names\"%s", names + strlen("\"guests\""));
    return NULL;
}
static const fv_section section = {
    .name = "picnic", .version = 3, .summary = "for the test", .fields = fields, .upgrade = upgrade
};

FV_TEST(core_formats_model_file__sections_go_through_their_field_table) {
    FV_OWNED(fv_model) model = new_model(false);
    FV_OWNED(fv_arena) arena = NULL;
    FV_OK(fv_arena_new("a picnic", 1 << 16, &arena));
    picnic back;
    FV_FAILS(fv_section_read(model, &section, &back, arena), FV_NOT_FOUND, "no section picnic");
    const char *const names[] = { "an \"ant\"", "bee" };
    FV_OK(fv_section_write(model, &section, &(picnic){ { 2, names }, 0.1 }));
    FV_OK(fv_section_read(model, &section, &back, arena));
    assert_int_equal(back.names.count, 2);
    assert_string_equal(back.names.at[0], names[0]);
    assert_true(back.share == 0.1);
    FV_OK(fv_model_set_section(model, "picnic", 4, "{}"));
    FV_FAILS(fv_section_read(model, &section, &back, arena), FV_UNSUPPORTED, "section picnic has version 4");
    FV_FAILS(fv_model_set_section(model, "Pic nic", 1, ""), FV_USAGE, "Pic nic");
}

FV_TEST(core_formats_model_file__a_section_of_an_older_version_is_brought_up_to_ours) {
    FV_OWNED(fv_model) model = new_model(false);
    FV_OWNED(fv_model) back = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    uint8_t *bytes;
    int64_t length;
    picnic then;
    FV_OK(fv_arena_new("a picnic", 1 << 16, &arena));
    FV_OK(fv_model_set_section(model, "picnic", 2, "{\"guests\":[\"ant\",\"bee\"],\"share\":0.25}"));
    FV_OK(fv_model_encode(model, false, &bytes, &length));
    FV_OK(fv_model_decode(bytes, length, "m", &back));
    fv_memory_free(bytes);
    FV_OK(fv_section_read(back, &section, &then, arena));
    assert_int_equal(then.names.count, 2);
    assert_string_equal(then.names.at[1], "bee");
    assert_true(then.share == 0.25);
    FV_OK(fv_model_set_section(back, "picnic", 1, "{}"));
    FV_FAILS(fv_section_read(back, &section, &then, arena), FV_FORMAT, "section picnic of version 1: it has no guests");
    FV_OK(fv_model_set_section(back, "picnic", 0, "{}"));
    FV_FAILS(fv_section_read(back, &section, &then, arena), FV_FORMAT, "there was no version 0 of section picnic");
}

FV_TEST(core_formats_model_file__what_was_written_behind_a_model_is_counted) {
    FV_OWNED(fv_model) model = new_model(false);
    fv_model *back = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    FV_OK(fv_memory_grow((void **)&bytes, length, length + 100, 1));
    FV_FAILS(fv_model_decode(bytes, length + 100, "m", &back), FV_FORMAT, "m has 100 bytes too many");
    bytes[8] = 3; /* another superblock: it does not say where it ends */
    FV_FAILS(fv_model_decode(bytes, length + 100, "m", &back), FV_FORMAT, "m is cut short");
    fv_memory_free(bytes);
}

FV_TEST(core_formats_model_file__names_of_any_length_are_within_the_bound) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_model) model = NULL;
    fv_tensor *tensor;
    char name[3000];
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_graph_new(&g));
    FV_OK(fv_model_new(g, &model));
    memset(name, '/', sizeof name - 1);
    name[sizeof name - 1] = 0;
    for (int i = 0; i < 100; i++) {
        name[1300] = 0;
        snprintf(name, 8, "%06d", i), name[6] = '/';
        FV_OK(fv_weights_add(fv_model_weights(model), name, &(fv_type){ FV_U8, 1, { 1 } }, FV_SLOT, &tensor));
    }
    FV_OK(fv_model_encode(model, true, &bytes, &length));
    assert_in_range(length, 1, fv_model_encoded_bound(model, true));
    fv_memory_free(bytes);
    name[1300] = '/';
    FV_OK(fv_weights_add(fv_model_weights(model), name, &(fv_type){ FV_U8, 1, { 1 } }, FV_SLOT, &tensor));
    FV_FAILS(fv_model_encode(model, true, &bytes, &length), FV_MEMORY, "beyond its cap of 4096");
}

FV_TEST(core_formats_model_file__a_section_has_a_short_name_and_there_are_at_most_64) {
    FV_OWNED(fv_model) model = new_model(false);
    FV_OWNED(fv_arena) arena = NULL;
    picnic then;
    char name[80] = "";
    FV_FAILS(fv_model_set_section(model, "", 1, "{}"), FV_USAGE, "cannot be called \"\"");
    memset(name, 'n', 65);
    FV_FAILS(fv_model_set_section(model, name, 1, "{}"), FV_USAGE, "nnn");
    name[64] = 0;
    FV_OK(fv_model_set_section(model, name, 1, "{}"));
    FV_OK(fv_model_set_section(model, name, 2, "[]"));
    int version;
    assert_string_equal(fv_model_section(model, name, &version), "[]");
    assert_int_equal(version, 2);
    FV_OK(fv_model_set_section(model, name, 0, NULL));
    FV_OK(fv_model_set_section(model, name, 0, NULL)); /* gone already */
    assert_null(fv_model_section(model, name, NULL));
    for (int i = fv_model_section_count(model); i < 64; i++) {
        snprintf(name, sizeof name, "section%d", i);
        FV_OK(fv_model_set_section(model, name, 1, "{}"));
    }
    FV_FAILS(fv_model_set_section(model, "more", 1, "{}"), FV_MEMORY, "at most 64 sections");
    FV_OK(fv_model_set_section(model, "classes", 3, "{}")); /* in the place of one */
    const fv_section forgetful = { .name = "classes", .version = 4, .fields = fields };
    FV_OK(fv_arena_new("a picnic", 1 << 16, &arena));
    FV_FAILS(fv_section_read(model, &forgetful, &then, arena), FV_FORMAT, "there was no version 3 of section classes");
}

static fv_error *encode(const fv_model *model, uint8_t **bytes, int64_t *length) {
    *bytes = NULL;
    return fv_model_encode(model, true, bytes, length);
}

/* HDF5's library does not live through want of memory (docs/reliability.md): what is ours does. */
FV_TEST(core_formats_model_file__want_of_memory_is_an_error_and_leaves_nothing) {
    FV_OWNED(fv_model) model = new_model(false);
    fv_model *back = NULL;
    uint8_t *bytes, *again;
    int64_t length, again_length;
    char path[400];
    snprintf(path, sizeof path, "%s/m.fovea", fv_test_folder());
    FV_OK(encode(model, &bytes, &length));
    FV_OK(fv_model_save_checkpoint(model, path, NULL));
    int64_t live = fv_memory_live();
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(encode(model, &again, &again_length), {
        assert_int_equal(again_length, length);
        assert_memory_equal(again, bytes, (size_t)length);
        fv_memory_free(again);
    });
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(fv_model_decode(bytes, length, "m", &back), {
        assert_same_tensor(model, back, "fc.weight.momentum");
        fv_model_free(back);
    });
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(fv_model_save_checkpoint(model, path, NULL), (void)0);
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(fv_model_load(path, &back), {
        assert_same_tensor(model, back, "fc.weight.momentum");
        fv_model_free(back);
    });
    assert_int_equal(fv_memory_live(), live);
    fv_memory_free(bytes);
}

static fv_error *write_and_read(fv_model *model, picnic *then, const char **second) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *const names[] = { "ant", "bee" };
    FV_TRY(fv_section_write(model, &section, &(picnic){ { 2, names }, 0.1 }));
    FV_TRY(fv_model_set_section(model, "picnic", 2, "{\"guests\":[\"ant\",\"bee\"],\"share\":0.1}"));
    FV_TRY(fv_arena_new("a picnic", 1 << 16, &arena));
    FV_TRY(fv_section_read(model, &section, then, arena));
    *second = then->names.count == 2 && !strcmp(then->names.at[1], "bee") ? "bee" : "another";
    return NULL;
}

FV_TEST(core_formats_model_file__want_of_memory_for_a_section_is_an_error) {
    FV_OWNED(fv_model) model = new_model(false);
    picnic then;
    const char *second;
    FV_TEST_EACH_ALLOCATION_FAILS(write_and_read(model, &then, &second), assert_string_equal(second, "bee"));
}
