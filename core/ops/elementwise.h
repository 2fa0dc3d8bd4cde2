/* elementwise.h - a chain of elementwise ops as one node, made by the planner: one loop instead of one pass over memory an op.
 *
 * The program is text: instructions with ';' between, each an op, its operands and its options,
 *
 *   program="mul i0 i1; add t0 i2; clamp t1 min=0 max=6" results=t1,t2
 *
 * iN is input N, tN the result of instruction N. Operands broadcast as in numpy; every result has the shape of all operands
 * together, and is rounded to its dtype. */
#ifndef FV_OPS_ELEMENTWISE_H
#define FV_OPS_ELEMENTWISE_H

#include "core/graph/op.h"

#define FV_ELEMENTWISE_OPERANDS 3
#define FV_ELEMENTWISE_INSTRUCTIONS 48
#define FV_ELEMENTWISE_INPUTS 24
#define FV_ELEMENTWISE_RESULTS 16

typedef struct fv_elementwise_options {
    const char *program;
    const char *results; /* "t1,t2": what the outputs are */
} fv_elementwise_options;

typedef struct fv_operand {
    bool input; /* iN, else tN */
    int number;
} fv_operand;

typedef struct fv_instruction {
    const fv_op *op;
    const void *options; /* of op->fields */
    fv_operand operands[FV_ELEMENTWISE_OPERANDS];
    int operand_count;
    fv_dtype dtype; /* of the result */
} fv_instruction;

typedef struct fv_elementwise_program {
    fv_instruction instructions[FV_ELEMENTWISE_INSTRUCTIONS];
    int instruction_count;
    int results[FV_ELEMENTWISE_RESULTS]; /* numbers of instructions */
    int result_count;
} fv_elementwise_program;

/* Reads the program; everything in `arena`. FV_FORMAT says what is wrong with it. */
FV_MUST_USE fv_error *fv_elementwise_decode(const fv_elementwise_options *options, const fv_type *inputs, int input_count,
                                            fv_arena *arena, const fv_elementwise_program **out);

/* May the planner put nodes of this op into a program? Any op that `scalar` defines, with few enough operands. */
bool fv_elementwise_supports(const fv_op *op);

#endif
