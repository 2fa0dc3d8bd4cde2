/* elementwise_blocks.h - op `elementwise` by blocks, compiled once for each instruction set: a block of elements goes through
 * all instructions while it lies in the first-level cache, so a program costs one pass over memory.
 *
 * The program becomes moves and loops over registers, a block's length each. An operand is read where it lies: an input of full
 * shape and a finished result in their tensors, all else in registers; what is broadcast is written out into one, a scalar once
 * a unit. A result goes straight to its tensor, unless that is the memory of an input that a later instruction reads: then it
 * waits in a register till the end of the block. */
#ifndef FV_CPU_ELEMENTWISE_BLOCKS_H
#define FV_CPU_ELEMENTWISE_BLOCKS_H

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/cpu/elementwise_loops.h"
#include "core/plan/kernel.h"

#define BLOCK 1024                                  /* elements */
#define UNIT (16 * BLOCK)                           /* elements of a work unit */
#define REGISTER (BLOCK * (int64_t)sizeof(int64_t)) /* bytes: room for the widest dtype */

/* Where an input's elements are found on the way through the output: its dims merged where they lie alike. */
typedef struct walk {
    int rank;
    int64_t dims[FV_RANK_MAX], strides[FV_RANK_MAX];
} walk;

typedef struct source {
    int64_t size; /* bytes of an element */
    bool full;    /* in the shape of the results: read in place */
    bool scalar;
    int slot; /* its register, when not full */
    int last; /* instruction that reads it last */
    walk walk;
} source;

typedef struct program {
    const fv_elementwise_program *code;
    loop_call calls[FV_ELEMENTWISE_INSTRUCTIONS];
    loop runs[FV_ELEMENTWISE_INSTRUCTIONS];
    int slots[FV_ELEMENTWISE_INSTRUCTIONS];   /* register of each result */
    int outputs[FV_ELEMENTWISE_INSTRUCTIONS]; /* output that it is, or −1 */
    source sources[FV_ELEMENTWISE_INPUTS];
    int input_count, slot_count;
} program;

/* ---- prepare ---- */

static walk walk_of(const fv_tensor *input, const fv_type *all) {
    fv_tensor wide = fv_tensor_broadcast(input, all);
    walk w = { 0 };
    for (int d = 0; d < all->rank; d++) {
        if (all->dims[d] == 1) continue;
        bool merges = w.rank > 0 && w.strides[w.rank - 1] == wide.strides[d] * all->dims[d];
        if (!merges) w.dims[w.rank++] = 1;
        w.dims[w.rank - 1] *= all->dims[d];
        w.strides[w.rank - 1] = wide.strides[d];
    }
    return w;
}

static void find_sources(const fv_call *call, program *p) {
    const fv_type *all = &call->outputs[0].type;
    for (int i = 0; i < call->input_count; i++) {
        source *s = &p->sources[i];
        *s = (source){ .size = fv_dtype_size(call->inputs[i].type.dtype), .last = -1 };
        s->walk = walk_of(&call->inputs[i], all);
        s->full = s->walk.rank == 0 ? fv_type_count(all) == 1 : s->walk.rank == 1 && s->walk.strides[0] == 1;
        s->scalar = fv_type_count(&call->inputs[i].type) == 1;
    }
    for (int n = 0; n < p->code->instruction_count; n++)
        for (int k = 0; k < p->code->instructions[n].operand_count; k++)
            if (p->code->instructions[n].operands[k].input) p->sources[p->code->instructions[n].operands[k].number].last = n;
}

static void find_loops(const fv_call *call, program *p) {
    for (int n = 0; n < p->code->instruction_count; n++) {
        const fv_instruction *instruction = &p->code->instructions[n];
        p->calls[n].instruction = instruction;
        for (int k = 0; k < instruction->operand_count; k++) {
            fv_operand operand = instruction->operands[k];
            p->calls[n].from[k] =
                operand.input ? call->inputs[operand.number].type.dtype : p->code->instructions[operand.number].dtype;
        }
        p->runs[n] = loop_of(instruction->op->name, p->calls[n].from[0], instruction->dtype);
        p->outputs[n] = -1;
    }
    for (int r = 0; r < p->code->result_count; r++) p->outputs[p->code->results[r]] = r;
}

/* Registers: one for each input that is no full one, then results; those of results that go nowhere else are taken again after
 * their last reader. */
static void assign_slots(program *p) {
    int last[FV_ELEMENTWISE_INSTRUCTIONS], count = p->code->instruction_count;
    bool busy[FV_ELEMENTWISE_INPUTS + FV_ELEMENTWISE_INSTRUCTIONS] = { 0 };
    for (int i = 0; i < p->input_count; i++)
        if (!p->sources[i].full) busy[p->sources[i].slot = p->slot_count++] = true;
    for (int n = 0; n < count; n++) last[n] = p->outputs[n] >= 0 ? count : n;
    for (int n = 0; n < count; n++)
        for (int k = 0; k < p->code->instructions[n].operand_count; k++) {
            fv_operand operand = p->code->instructions[n].operands[k];
            if (!operand.input && last[operand.number] < n) last[operand.number] = n;
        }
    for (int n = 0; n < count; n++) {
        for (int m = 0; m < n; m++)
            if (last[m] == n - 1) busy[p->slots[m]] = false;
        int slot = 0;
        while (busy[slot]) slot++;
        busy[p->slots[n] = slot] = true;
        if (slot >= p->slot_count) p->slot_count = slot + 1;
    }
}

static fv_error *prepare(const fv_call *call, fv_arena *arena, void **out) {
    fv_type types[FV_ELEMENTWISE_INPUTS];
    program *p = NULL;
    FV_TRY(fv_arena_take(arena, 1, &p));
    for (int i = 0; i < call->input_count; i++) types[i] = call->inputs[i].type;
    FV_TRY(fv_elementwise_decode(call->options, types, call->input_count, arena, &p->code));
    p->input_count = call->input_count;
    find_loops(call, p);
    find_sources(call, p);
    assign_slots(p);
    *out = p;
    return NULL;
}

static int64_t scratch(const fv_call *call) { return call->threads * ((const program *)call->prepared)->slot_count * REGISTER; }

/* ---- broadcasting ---- */

static void repeat(void *to, const void *from, int64_t size, int64_t count) {
    if (size == 1) {
        memset(to, *(const uint8_t *)from, (size_t)count);
    } else if (size == 4) {
        uint32_t value;
        memcpy(&value, from, sizeof value);
        for (int64_t i = 0; i < count; i++) ((uint32_t *)to)[i] = value;
    } else {
        for (int64_t i = 0; i < count; i++) memcpy((char *)to + i * size, from, (size_t)size);
    }
}

/* Elements `begin` on, `count` of them, in the results' order. */
static void write_out(const source *s, const char *from, int64_t begin, int64_t count, char *to) {
    const walk *w = &s->walk;
    int inner = w->rank - 1;
    int64_t at[FV_RANK_MAX], offset = 0, rest = begin;
    for (int d = inner; d >= 0; d--) {
        at[d] = rest % w->dims[d];
        rest /= w->dims[d];
        offset += at[d] * w->strides[d];
    }
    while (count > 0) {
        int64_t run = fv_min(w->dims[inner] - at[inner], count);
        if (w->strides[inner] == 0)
            repeat(to, from + offset * s->size, s->size, run);
        else
            memcpy(to, from + offset * s->size, (size_t)(run * s->size)); /* a contiguous input broadcast: 0 or 1 inside */
        to += run * s->size;
        count -= run;
        at[inner] += run;
        offset += run * w->strides[inner];
        for (int d = inner; d > 0 && at[d] == w->dims[d]; d--) {
            offset += w->strides[d - 1] - at[d] * w->strides[d];
            at[d] = 0;
            at[d - 1]++;
        }
    }
}

/* ---- run ---- */

typedef struct job {
    const fv_call *call;
    const program *p;
    int64_t count;
    bool waits[FV_ELEMENTWISE_INSTRUCTIONS]; /* a result that may not go to its tensor before the end of the block */
} job;

static char *register_of(const job *j, int thread, int slot) {
    return (char *)j->call->scratch + ((int64_t)thread * j->p->slot_count + slot) * REGISTER;
}

static char *result_of(const job *j, int n, int64_t begin, int thread) {
    int output = j->p->outputs[n];
    if (output < 0 || j->waits[n]) return register_of(j, thread, j->p->slots[n]);
    return (char *)j->call->outputs[output].data + begin * fv_dtype_size(j->p->code->instructions[n].dtype);
}

static const void *operand_of(const job *j, fv_operand operand, int64_t begin, int thread) {
    if (!operand.input) return result_of(j, operand.number, begin, thread);
    const source *s = &j->p->sources[operand.number];
    if (!s->full) return register_of(j, thread, s->slot);
    return (const char *)j->call->inputs[operand.number].data + begin * s->size;
}

static void run_block(const job *j, int64_t begin, int64_t count, int thread) {
    const program *p = j->p;
    for (int i = 0; i < p->input_count; i++)
        if (!p->sources[i].full && !p->sources[i].scalar)
            write_out(&p->sources[i], j->call->inputs[i].data, begin, count, register_of(j, thread, p->sources[i].slot));
    for (int n = 0; n < p->code->instruction_count; n++) {
        const void *x[FV_ELEMENTWISE_OPERANDS] = { 0 };
        for (int k = 0; k < p->code->instructions[n].operand_count; k++)
            x[k] = operand_of(j, p->code->instructions[n].operands[k], begin, thread);
        p->runs[n](&p->calls[n], x, result_of(j, n, begin, thread), count);
    }
    for (int n = 0; n < p->code->instruction_count; n++) {
        if (!j->waits[n]) continue;
        int64_t size = fv_dtype_size(p->code->instructions[n].dtype);
        memcpy((char *)j->call->outputs[p->outputs[n]].data + begin * size, register_of(j, thread, p->slots[n]),
               (size_t)(count * size));
    }
}

static void run_unit(void *context, int64_t unit, int thread) {
    const job *j = context;
    const program *p = j->p;
    int64_t end = fv_min((unit + 1) * UNIT, j->count);
    for (int i = 0; i < p->input_count; i++)
        if (!p->sources[i].full && p->sources[i].scalar)
            repeat(register_of(j, thread, p->sources[i].slot), j->call->inputs[i].data, p->sources[i].size, BLOCK);
    for (int64_t begin = unit * UNIT; begin < end; begin += BLOCK) run_block(j, begin, fv_min(BLOCK, end - begin), thread);
}

static void run(const fv_call *call) {
    const program *p = call->prepared;
    job j = { .call = call, .p = p, .count = fv_type_count(&call->outputs[0].type) };
    for (int n = 0; n < p->code->instruction_count; n++)
        for (int i = 0; i < p->input_count && p->outputs[n] >= 0; i++)
            if (call->inputs[i].data == call->outputs[p->outputs[n]].data && p->sources[i].last > n) j.waits[n] = true;
    fv_parallel_for(fv_ceil_div(j.count, UNIT), run_unit, &j);
}

#ifdef __AVX512F__ /* the same bits sooner */
#define SHARE 0.95
#else
#define SHARE 1
#endif
static double cost(const fv_call *call) { return fv_cost_loop(call) * SHARE; }

#endif
