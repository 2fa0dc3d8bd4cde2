/* op.c - the table of ops, and what the input and output lists of a descriptor say. */
#include "core/graph/op.h"

#include <string.h>

const fv_op *fv_op_find(const char *name) {
    int low = 0, high = fv_op_table_count;
    while (low < high) {
        int middle = (low + high) / 2, order = strcmp(fv_op_table[middle]->name, name);
        if (order == 0) return fv_op_table[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

fv_error *fv_op_upgrade(const fv_op *op, int version, const char *options, fv_text *out) {
    if (version == op->version) return fv_text_add(out, options), fv_text_error(out);
    if (version > op->version)
        return fv_error_hint(
            fv_fail(FV_UNSUPPORTED, "%s has version %d; this fovea knows it up to version %d", op->name, version, op->version),
            "use a newer fovea");
    if (version < 1 || !op->upgrade) return fv_fail(FV_FORMAT, "there was no version %d of %s", version, op->name);
    FV_TRY(fv_error_wrap(op->upgrade(version, options, out), "%s of version %d", op->name, version));
    return fv_text_error(out);
}

/* One entry of a list such as "x,w,bias?": its length; the following entry begins at *next, NULL at the end. */
static int list_entry(const char *list, const char **next) {
    const char *comma = strchr(list, ',');
    *next = comma ? comma + 1 : NULL;
    return comma ? (int)(comma - list) : (int)strlen(list);
}

void fv_op_arity(const fv_op *op, int *least, int *most) {
    *least = *most = 0;
    for (const char *at = op->inputs, *next; at && *at; at = next) {
        int length = list_entry(at, &next);
        bool many = length > 3 && !memcmp(at + length - 3, "...", 3);
        if (at[length - 1] != '?') ++*least;
        *most = many ? FV_INPUTS_MAX : *most + 1;
    }
}

/* The entry that covers input `input`: a "x..." covers all that follow. NULL beyond the list. */
static const char *input_entry(const fv_op *op, int input, int *length) {
    for (const char *at = op->inputs, *next; at && *at; at = next) {
        *length = list_entry(at, &next);
        bool many = *length > 3 && !memcmp(at + *length - 3, "...", 3);
        if (input == 0 || many) return at;
        input--;
    }
    return NULL;
}

bool fv_op_shape_only(const fv_op *op, int input) {
    int length;
    const char *entry = input_entry(op, input, &length);
    return entry && memchr(entry, '!', (size_t)length);
}

const char *fv_op_input_name(const fv_op *op, int input, char buffer[64]) {
    int length = 0;
    const char *entry = input_entry(op, input, &length);
    if (!entry) entry = "?", length = 0;
    while (length > 0 && strchr("?!.", entry[length - 1])) length--;
    if (length > 63) length = 63;
    memcpy(buffer, entry, (size_t)length);
    buffer[length] = 0;
    return buffer;
}

int fv_op_output_count(const fv_op *op) {
    if (!op->outputs || !*op->outputs) return 0;
    if (strstr(op->outputs, "...")) return -1;
    int count = 1;
    for (const char *at = op->outputs; *at; at++) count += *at == ',';
    return count;
}

bool fv_op_differentiable(const fv_op *op, int output) {
    const char *at = op->outputs, *next;
    int length = list_entry(at, &next);
    for (; output > 0 && next; output--) {
        at = next;
        length = list_entry(at, &next);
    }
    return at[length - 1] != '!';
}

double fv_call_bytes(const fv_call *call) {
    double bytes = 0;
    for (int i = 0; i < call->input_count; i++)
        if (!fv_op_shape_only(call->op, i)) bytes += (double)fv_type_bytes(&call->inputs[i].type);
    for (int k = 0; k < call->output_count; k++) bytes += (double)fv_type_bytes(&call->outputs[k].type);
    return bytes;
}

fv_work fv_call_work(const fv_call *call) {
    if (call->op->work) return call->op->work(call);
    fv_work work = { .bytes = fv_call_bytes(call) };
    for (int k = 0; k < call->output_count; k++) work.flops += (double)fv_type_count(&call->outputs[k].type);
    return work;
}
