/* onnx.h - a network as an ONNX graph, and such a graph as one of ours again. Activations of four dimensions are NCHW there;
 * where ours are flattened, a Transpose puts them in our order first. Opset 15, IR version 8. */
#ifndef FV_EXCHANGE_ONNX_H
#define FV_EXCHANGE_ONNX_H

#include "core/base/arena.h"
#include "fovea/model.h"

typedef struct Onnx__ModelProto Onnx__ModelProto; /* onnx.pb-c.h, made from onnx.proto */

/* What a picture's bytes go through in front of the network: y = v · scale[c] + shift[c]. */
typedef struct fv_onnx_affine {
    int64_t channels;
    float *scale, *shift;
} fv_onnx_affine;

typedef struct fv_onnx_pair { /* of the metadata */
    const char *key, *value;
} fv_onnx_pair;

/* The model in evaluation, its batch open: input "input" f32[batch,C,H,W] as the transforms give it, or with `inside` "image"
 * u8[batch,H,W,C]; output "logits". All of it is in `arena`. FV_UNSUPPORTED: an op that ONNX has no counterpart of here, by the
 * node's name. */
FV_MUST_USE fv_error *fv_onnx_of_model(const fv_model *model, const fv_onnx_affine *inside, const fv_onnx_pair *metadata,
                                       int64_t metadata_count, fv_arena *arena, Onnx__ModelProto **out);

/* A graph of the ops that fv_onnx_of_model writes, with its initializers in `weights`; the layout is ONNX's, by transposes of
 * ours. FV_UNSUPPORTED: another op. FV_FORMAT: not sound. For reading back: the proto is our own. */
FV_MUST_USE fv_error *fv_onnx_to_graph(const Onnx__ModelProto *model, int64_t batch, fv_arena *arena, fv_weights *weights,
                                       fv_graph **out);

#endif
