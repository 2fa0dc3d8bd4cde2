/* hdf5_read.c - groups, texts, integers and tensors found in an HDF5 image that somebody else may have made: no link but a hard
 * one is followed, no data outside the image, no filter, and no size is believed before it is held against the image's. */
#include <string.h>

#include "core/base/size.h"
#include "core/formats/hdf5_image.h"

fv_error *fv_hdf5_open_group(hid_t parent, const char *name, hid_t *out, int64_t *links) {
    H5G_info_t about;
    *out = H5Gopen2(parent, name, H5P_DEFAULT);
    if (*out < 0 || H5Gget_info(*out, &about) < 0) return fv_fail(FV_FORMAT, "it has no group %s", name);
    *links = (int64_t)fv_min((int64_t)about.nlinks, INT64_MAX);
    return NULL;
}

fv_error *fv_hdf5_link_name(hid_t group, int64_t index, fv_arena *arena, const char **out) {
    hsize_t at = (hsize_t)index;
    ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, at, NULL, 0, H5P_DEFAULT);
    if (length <= 0 || length > 4096) return fv_fail(FV_FORMAT, "link %lld of a group has no usable name", (long long)index);
    char *name;
    FV_TRY(fv_arena_take(arena, length + 1, &name));
    H5L_info_t about;
    if (H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, at, name, (size_t)length + 1, H5P_DEFAULT) != length ||
        H5Lget_info(group, name, &about, H5P_DEFAULT) < 0 || about.type != H5L_TYPE_HARD)
        return fv_fail(FV_FORMAT, "%s is a link to elsewhere", name);
    *out = name;
    return NULL;
}

/* A data set whose content is one piece of the image, `bytes` long. */
static fv_error *open_data_set(hid_t group, const char *name, hid_t *out) {
    FV_HID(set, H5Dopen2(group, name, H5P_DEFAULT));
    FV_HID(list, H5Dget_create_plist(set));
    if (list < 0) return fv_fail(FV_FORMAT, "%s is missing or no data set", name);
    if (H5Pget_layout(list) != H5D_CONTIGUOUS || H5Pget_external_count(list) != 0 || H5Pget_nfilters(list) != 0)
        return fv_fail(FV_FORMAT, "%s is not one unfiltered piece of the file", name);
    *out = set, set = -1;
    return NULL;
}

/* The bytes of a fixed-length string in a scalar, at most `cap`. */
static fv_error *text_length(const char *name, hid_t type, hid_t space, int64_t cap, int64_t *length) {
    *length = (int64_t)H5Tget_size(type); /* 0: it cannot be said */
    if (*length < 1 || H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0 ||
        H5Sget_simple_extent_type(space) != H5S_SCALAR)
        return fv_fail(FV_FORMAT, "%s is not one fixed-length text", name);
    if (*length > cap) return fv_fail(FV_FORMAT, "%s says it has %lld bytes, more than there can be", name, (long long)*length);
    return NULL;
}

/* Where the data lie in the image: [offset, offset + bytes) must be inside. */
static fv_error *find_place(hid_t set, const char *name, int64_t bytes, int64_t length, int64_t *out) {
    *out = 0;
    if (!bytes) return NULL;
    haddr_t offset = H5Dget_offset(set); /* HADDR_UNDEF is the largest there is */
    if (bytes > length || offset > (haddr_t)(length - bytes) || H5Dget_storage_size(set) != (hsize_t)bytes)
        return fv_fail(FV_FORMAT, "%s says it has %lld bytes, more than there are", name, (long long)bytes);
    *out = (int64_t)offset;
    return NULL;
}

fv_error *fv_hdf5_find_text(hid_t group, const char *name, int64_t length, int64_t *offset, int64_t *bytes, int *version) {
    FV_HID(set, -1);
    FV_TRY(open_data_set(group, name, &set));
    FV_HID(type, H5Dget_type(set));
    FV_HID(space, H5Dget_space(set));
    FV_TRY(text_length(name, type, space, length, bytes));
    FV_TRY(find_place(set, name, *bytes, length, offset));
    return version ? fv_hdf5_read_int_attribute(set, "version", version) : NULL;
}

fv_error *fv_hdf5_read_text_attribute(hid_t object, const char *name, int64_t cap, fv_arena *arena, const char **out) {
    FV_HID(attribute, H5Aopen(object, name, H5P_DEFAULT));
    if (attribute < 0) return fv_fail(FV_FORMAT, "it has no attribute %s", name);
    FV_HID(type, H5Aget_type(attribute));
    FV_HID(space, H5Aget_space(attribute));
    int64_t length;
    FV_TRY(text_length(name, type, space, cap, &length));
    char *text;
    FV_TRY(fv_arena_take(arena, length + 1, &text));
    if (H5Aread(attribute, type, text) < 0) return fv_fail(FV_FORMAT, "attribute %s cannot be read", name);
    *out = text;
    return NULL;
}

fv_error *fv_hdf5_read_int_attribute(hid_t object, const char *name, int *out) {
    FV_HID(attribute, H5Aopen(object, name, H5P_DEFAULT));
    FV_HID(type, H5Aget_type(attribute));
    FV_HID(space, H5Aget_space(attribute));
    if (H5Tget_class(type) != H5T_INTEGER || H5Sget_simple_extent_type(space) != H5S_SCALAR ||
        H5Aread(attribute, H5T_NATIVE_INT, out) < 0)
        return fv_fail(FV_FORMAT, "it has no whole number %s", name);
    return NULL;
}

static fv_error *read_dtype(hid_t set, const char *name, fv_dtype *out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("the name of a dtype", 1 << 10, &arena));
    const char *text;
    FV_TRY(fv_error_wrap(fv_hdf5_read_text_attribute(set, "dtype", 16, arena, &text), "%s", name));
    for (int i = 0; i < FV_DTYPES; i++)
        if (!strcmp(text, fv_dtype_name(i))) return *out = i, NULL;
    return fv_fail(FV_FORMAT, "%s has an unknown dtype \"%s\"", name, text);
}

fv_error *fv_hdf5_find_tensor(hid_t group, const char *name, int64_t length, fv_type *out, int64_t *offset) {
    FV_HID(set, -1);
    FV_TRY(open_data_set(group, name, &set));
    FV_HID(stored, H5Dget_type(set));
    FV_HID(space, H5Dget_space(set));
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > FV_RANK_MAX)
        return fv_fail(FV_FORMAT, "%s has %d dimensions; there are at most %d", name, rank, FV_RANK_MAX);
    hsize_t dims[FV_RANK_MAX] = { 0 };
    *out = (fv_type){ .rank = rank };
    FV_TRY(read_dtype(set, name, &out->dtype));
    if (H5Sget_simple_extent_dims(space, dims, NULL) != rank || H5Tequal(stored, fv_hdf5_stored(out->dtype)) <= 0)
        return fv_fail(FV_FORMAT, "%s is not stored as its dtype says", name);
    for (int i = 0; i < rank; i++) out->dims[i] = dims[i] > INT64_MAX ? -1 : (int64_t)dims[i];
    FV_TRY(fv_error_wrap(fv_type_check(out), "%s", name));
    return find_place(set, name, fv_type_bytes(out), length, offset);
}
