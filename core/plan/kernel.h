/* kernel.h - what a kernel is: one file core/cpu/OP_ALGORITHM_ISA.c, its descriptor fv_kernel_OP_ALGORITHM_DTYPE_ISA last.
 *
 * The planner asks each kernel of a node's op whether it refuses, and takes the cheapest by the cost model, ties by name; the
 * op's reference is the last resort. Cost is a function of shape, ISA and constants only (never timings, threads or cache
 * sizes read from the machine): the same build chooses the same kernels everywhere, and so gives the same bits.
 *
 * A kernel runs on the caller's thread and spreads its work with fv_parallel_for. It allocates nothing: scratch is planned.
 * The order of every sum is independent of the number of threads, and where work is cut into units is too, or touches no bit
 * (few pictures are cut by call->threads: winograd4, inverted_bottleneck); reductions over the batch (dimension 0 of
 * activations) end in call->shards partials joined by fv_shards_join. In evaluation a row's bits do not depend on the other
 * rows.
 */
#ifndef FV_PLAN_KERNEL_H
#define FV_PLAN_KERNEL_H

#include "core/graph/op.h"

typedef enum fv_isa { FV_ISA_PORTABLE, FV_ISA_AVX2, FV_ISA_AVX512, FV_ISA_COUNT } fv_isa;
extern const char *const fv_isa_names[]; /* "portable", "avx2" (with FMA and F16C), "avx512" (F, BW, DQ, VL) */
fv_isa fv_isa_best(void);                /* what this CPU and FOVEA_ISA allow; cached */
/* Has the CPU vdpbf16ps beside AVX-512? Not when FOVEA_ISA names a set. It changes no bits (cpu/rounded_product.h). */
bool fv_isa_bf16(void);
FV_MUST_USE fv_error *fv_isa_init(void); /* says what is wrong with FOVEA_ISA, if anything */

typedef struct fv_kernel {
    const char *name; /* the symbol without "fv_kernel_": "conv2d_implicit_gemm_f32_avx2" */
    const char *op;
    fv_isa isa;
    /* NULL: can do it. Otherwise why not, in a shared vocabulary (below). Contiguous inputs are guaranteed unless .strided. */
    const char *(*refuse)(const fv_call *call);
    double (*cost)(const fv_call *call);     /* nanoseconds on a nominal core: FLOPs ÷ 20 per ns at best for AVX2 */
    int64_t (*scratch)(const fv_call *call); /* bytes, for call->threads threads; NULL: none */
    /* Bytes for each thread, which lie at the same place in all steps of a plan: what a thread has worked with is in its cache,
     * and not in another's. NULL: none. */
    int64_t (*own)(const fv_call *call);
    /* Inputs repacked (weights): once a step in training, once a load in evaluation where they depend on weights alone. `run`
     * reads them through call->packed only, and those bytes hang on nothing but the packed inputs, the options and how many
     * bytes there are: plans of several batch sizes share them (derived.h). */
    int64_t (*packed)(const fv_call *call); /* bytes; NULL: packs nothing */
    void (*pack)(const fv_call *call);      /* fills call->packed from inputs[pack_input] */
    int pack_input;
    unsigned pack_more; /* bit i: packs input i too */
    /* Tables made once a plan (a program decoded, resize weights), in the plan's arena; NULL: none. scratch and packed see
     * them. */
    fv_error *(*prepare)(const fv_call *call, fv_arena *arena, void **out);
    void (*run)(const fv_call *call);
    unsigned in_place; /* bit i: output 0 may be input i's memory, when types agree */
    bool pointwise; /* any output may be the memory of any input of its own type: element i is read before element i is written
                     */
    bool strided;   /* takes inputs with any strides */
    bool mixed;     /* takes bf16 beside f32, among inputs and results (ops/stored.h) */
} fv_kernel;

extern const fv_kernel *const fv_kernel_table[]; /* generated, sorted by name */
extern const int fv_kernel_table_count;

#define FV_REFUSE_DTYPE "dtype"
#define FV_REFUSE_SHAPE "shape"
#define FV_REFUSE_STRIDES "strides"
#define FV_REFUSE_GROUPS "groups"
#define FV_REFUSE_DILATION "dilation"
#define FV_REFUSE_OPTIONS "options"

#endif
