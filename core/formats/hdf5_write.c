/* hdf5_write.c - groups, texts, integers and tensors written into an HDF5 image, each in one way only. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/formats/hdf5_image.h"

/* Writing goes to memory, so all that can go wrong is that there is none. */
static fv_error *failed(const char *name) { return fv_fail(FV_MEMORY, "out of memory: HDF5 could not write %s", name); }

/* Properties of groups and data sets: no times; contents where they are written, at once, and nothing filled in. */
static hid_t properties(hid_t class) {
    hid_t list = H5Pcreate(class);
    if (list < 0) return list;
    bool set = H5Pset_obj_track_times(list, 0) >= 0;
    if (class == H5P_DATASET_CREATE)
        set = set && H5Pset_layout(list, H5D_CONTIGUOUS) >= 0 && H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) >= 0 &&
              H5Pset_fill_time(list, H5D_FILL_TIME_NEVER) >= 0;
    if (set) return list;
    H5Pclose(list);
    return -1;
}

fv_error *fv_hdf5_add_group(hid_t parent, const char *name, hid_t *out) {
    FV_HID(list, properties(H5P_GROUP_CREATE));
    *out = list < 0 ? -1 : H5Gcreate2(parent, name, H5P_DEFAULT, list, H5P_DEFAULT);
    return *out < 0 ? failed(name) : NULL;
}

static hid_t text_type(const char *text) {
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return type;
    size_t length = strlen(text);
    if (H5Tset_size(type, length ? length : 1) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 &&
        H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
        return type;
    H5Tclose(type);
    return -1;
}

fv_error *fv_hdf5_add_text(hid_t group, const char *name, const char *text, hid_t *data_set) {
    FV_HID(type, text_type(text));
    FV_HID(space, H5Screate(H5S_SCALAR));
    FV_HID(list, properties(H5P_DATASET_CREATE));
    if (type < 0 || space < 0 || list < 0) return failed(name);
    FV_HID(set, H5Dcreate2(group, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT));
    if (set < 0 || H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0) return failed(name);
    if (data_set) *data_set = set, set = -1;
    return NULL;
}

static fv_error *add_attribute(hid_t object, const char *name, hid_t stored, hid_t given, const void *value) {
    FV_HID(space, H5Screate(H5S_SCALAR));
    if (stored < 0 || space < 0) return failed(name);
    FV_HID(attribute, H5Acreate2(object, name, stored, space, H5P_DEFAULT, H5P_DEFAULT));
    return attribute < 0 || H5Awrite(attribute, given, value) < 0 ? failed(name) : NULL;
}

fv_error *fv_hdf5_add_text_attribute(hid_t object, const char *name, const char *text) {
    FV_HID(type, text_type(text));
    return add_attribute(object, name, type, type, text);
}

fv_error *fv_hdf5_add_int_attribute(hid_t object, const char *name, int value) {
    return add_attribute(object, name, H5T_STD_I32LE, H5T_NATIVE_INT, &value);
}

fv_error *fv_hdf5_add_tensor(hid_t group, const char *name, const fv_tensor *tensor) {
    FV_ASSERT(fv_tensor_is_contiguous(tensor));
    hsize_t dims[FV_RANK_MAX];
    for (int i = 0; i < tensor->type.rank; i++) dims[i] = (hsize_t)tensor->type.dims[i];
    FV_HID(space, tensor->type.rank ? H5Screate_simple(tensor->type.rank, dims, NULL) : H5Screate(H5S_SCALAR));
    FV_HID(list, properties(H5P_DATASET_CREATE));
    if (space < 0 || list < 0) return failed(name);
    FV_HID(set, H5Dcreate2(group, name, fv_hdf5_stored(tensor->type.dtype), space, H5P_DEFAULT, list, H5P_DEFAULT));
    if (set < 0) return failed(name);
    if (fv_type_count(&tensor->type) &&
        H5Dwrite(set, fv_hdf5_native(tensor->type.dtype), H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor->data) < 0)
        return failed(name);
    return fv_hdf5_add_text_attribute(set, "dtype", fv_dtype_name(tensor->type.dtype));
}
