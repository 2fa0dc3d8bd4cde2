/* elementwise.c - see elementwise.h: the op, its program's text, and its definition by the scalar form of each op. */
#include "core/ops/elementwise.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"

static const fv_field fields[] = {
    FV_FIELD(fv_elementwise_options, program, .required = true, .help = "instructions: \"mul i0 i1; add t0 i2\""),
    FV_FIELD(fv_elementwise_options, results, .required = true,
             .help = "which instructions' results are the outputs: \"t0,t1\""),
    FV_FIELDS_END,
};

bool fv_elementwise_supports(const fv_op *op) {
    int least, most;
    fv_op_arity(op, &least, &most);
    return (op->flags & FV_OP_ELEMENTWISE) && most <= FV_ELEMENTWISE_OPERANDS;
}

/* ---- decoding ---- */

typedef struct decoder {
    fv_elementwise_program *program;
    const fv_type *inputs;
    int input_count;
    fv_type types[FV_ELEMENTWISE_INSTRUCTIONS];
    fv_arena *arena;
} decoder;

static bool is_operand(const char *word) { return (word[0] == 'i' || word[0] == 't') && isdigit((unsigned char)word[1]); }

static fv_error *read_operand(decoder *d, const char *word, fv_operand *out) {
    char *end;
    long number = strtol(word + 1, &end, 10), bound = word[0] == 'i' ? d->input_count : d->program->instruction_count;
    if (*end || number >= bound) return fv_fail(FV_FORMAT, "there is no operand %s", word);
    *out = (fv_operand){ .input = word[0] == 'i', .number = (int)number };
    return NULL;
}

static const fv_type *operand_type(const decoder *d, fv_operand operand) {
    return operand.input ? &d->inputs[operand.number] : &d->types[operand.number];
}

static fv_error *finish_instruction(decoder *d, fv_instruction *instruction, const char *options) {
    const fv_field *table = instruction->op->fields ? instruction->op->fields : fv_no_fields;
    void *values = NULL;
    FV_TRY(fv_arena_alloc(d->arena, 1, fv_fields_size(table), &values));
    FV_TRY(fv_fields_parse(table, values, options, d->arena));
    instruction->options = values;
    fv_type types[FV_ELEMENTWISE_OPERANDS], result[FV_OUTPUTS_MAX];
    int least, most;
    fv_op_arity(instruction->op, &least, &most);
    if (instruction->operand_count < least || instruction->operand_count > most)
        return fv_fail(FV_FORMAT, "%s has %d operands", instruction->op->name, instruction->operand_count);
    for (int i = 0; i < instruction->operand_count; i++) types[i] = *operand_type(d, instruction->operands[i]);
    fv_shape_call call = {
        .options = values, .inputs = types, .input_count = instruction->operand_count, .outputs = result, .output_count = 1
    };
    FV_TRY(instruction->op->shape(&call));
    instruction->dtype = result[0].dtype;
    d->types[d->program->instruction_count++] = result[0];
    return NULL;
}

/* One instruction: "clamp t1 min=0 max=6". */
static fv_error *read_instruction(decoder *d, char *text) {
    if (d->program->instruction_count == FV_ELEMENTWISE_INSTRUCTIONS)
        return fv_fail(FV_FORMAT, "more than %d instructions", FV_ELEMENTWISE_INSTRUCTIONS);
    fv_instruction *instruction = &d->program->instructions[d->program->instruction_count];
    text += strspn(text, " ");
    size_t length = strcspn(text, " ");
    char *rest = text + length + (text[length] == ' ');
    text[length] = 0;
    instruction->op = fv_op_find(text);
    if (!instruction->op) return fv_fail(FV_FORMAT, "there is no op \"%s\"", text);
    if (!fv_elementwise_supports(instruction->op)) return fv_fail(FV_FORMAT, "%s cannot stand in a program", text);
    while (is_operand(rest)) {
        length = strcspn(rest, " ");
        char *next = rest + length + (rest[length] == ' ');
        rest[length] = 0;
        if (instruction->operand_count == FV_ELEMENTWISE_OPERANDS) return fv_fail(FV_FORMAT, "%s has too many operands", text);
        FV_TRY(read_operand(d, rest, &instruction->operands[instruction->operand_count++]));
        rest = next;
    }
    return finish_instruction(d, instruction, rest);
}

static fv_error *read_results(decoder *d, const char *text) {
    for (const char *at = text; *at; at += *at == ',') {
        char *end;
        long number = at[0] == 't' ? strtol(at + 1, &end, 10) : -1;
        if (number < 0 || number >= d->program->instruction_count || (*end && *end != ',') ||
            d->program->result_count == FV_ELEMENTWISE_RESULTS)
            return fv_fail(FV_FORMAT, "bad results \"%s\"", text);
        d->program->results[d->program->result_count++] = (int)number;
        at = end;
    }
    return d->program->result_count ? NULL : fv_fail(FV_FORMAT, "no results");
}

static fv_error *decode(decoder *d, const fv_elementwise_options *options) {
    char *text = NULL;
    FV_TRY(fv_arena_copy(d->arena, options->program, (int64_t)strlen(options->program) + 1, (void **)&text));
    for (char *next; text; text = next) {
        next = strchr(text, ';');
        if (next) *next++ = 0;
        fv_error *error = read_instruction(d, text);
        if (error) return fv_error_wrap(error, "instruction %d", d->program->instruction_count);
    }
    return read_results(d, options->results);
}

fv_error *fv_elementwise_decode(const fv_elementwise_options *options, const fv_type *inputs, int input_count, fv_arena *arena,
                                const fv_elementwise_program **out) {
    decoder *d = NULL;
    FV_TRY(fv_arena_take(arena, 1, &d));
    FV_TRY(fv_arena_take(arena, 1, &d->program));
    d->inputs = inputs;
    d->input_count = input_count;
    d->arena = arena;
    FV_TRY(decode(d, options));
    *out = d->program;
    return NULL;
}

/* ---- the op ---- */

#define DECODE_CAP ((int64_t)1 << 24)

static fv_error *shape(fv_shape_call *call) {
    FV_OWNED(fv_arena) arena = NULL;
    const fv_elementwise_program *program = NULL;
    FV_TRY(fv_arena_new("an elementwise program", DECODE_CAP, &arena));
    FV_TRY(fv_elementwise_decode(call->options, call->inputs, call->input_count, arena, &program));
    fv_type all = call->inputs[0];
    for (int i = 1; i < call->input_count; i++) FV_TRY(fv_type_broadcast(&all, &call->inputs[i], &all));
    for (int k = 0; k < program->result_count; k++) {
        call->outputs[k] = all;
        call->outputs[k].dtype = program->instructions[program->results[k]].dtype;
    }
    call->output_count = program->result_count;
    return NULL;
}

/* Rounds as a stored intermediate would be. */
static double as_dtype(double value, fv_dtype dtype) {
    int64_t memory;
    fv_tensor stored = { .type.dtype = dtype, .data = &memory };
    fv_tensor_store(&stored, 0, value);
    return fv_tensor_load(&stored, 0);
}

static void run_element(const fv_call *call, const fv_elementwise_program *program, const double *inputs, int64_t index) {
    double results[FV_ELEMENTWISE_INSTRUCTIONS];
    for (int n = 0; n < program->instruction_count; n++) {
        const fv_instruction *instruction = &program->instructions[n];
        double x[FV_ELEMENTWISE_OPERANDS];
        for (int i = 0; i < instruction->operand_count; i++)
            x[i] = instruction->operands[i].input ? inputs[instruction->operands[i].number]
                                                  : results[instruction->operands[i].number];
        results[n] = as_dtype(instruction->op->scalar(instruction->options, x), instruction->dtype);
    }
    for (int k = 0; k < program->result_count; k++) fv_tensor_store(&call->outputs[k], index, results[program->results[k]]);
}

static void reference(const fv_call *call) {
    FV_OWNED(fv_arena) arena = NULL;
    const fv_elementwise_program *program = NULL;
    fv_type types[FV_ELEMENTWISE_INPUTS];
    fv_tensor inputs[FV_ELEMENTWISE_INPUTS];
    FV_ASSERT(call->input_count <= FV_ELEMENTWISE_INPUTS);
    for (int i = 0; i < call->input_count; i++) {
        types[i] = call->inputs[i].type;
        inputs[i] = fv_tensor_broadcast(&call->inputs[i], &call->outputs[0].type);
    }
    fv_error *error = fv_arena_new("an elementwise program", DECODE_CAP, &arena);
    if (!error) error = fv_elementwise_decode(call->options, types, call->input_count, arena, &program);
    FV_ASSERT(!error); /* `shape` has read the same program */
    for (int64_t index = 0, count = fv_type_count(&call->outputs[0].type); index < count; index++) {
        double values[FV_ELEMENTWISE_INPUTS];
        for (int i = 0; i < call->input_count; i++) values[i] = fv_tensor_load(&inputs[i], fv_tensor_offset(&inputs[i], index));
        run_element(call, program, values, index);
    }
}

static fv_work work(const fv_call *call) {
    fv_work work = { 0 };
    const char *program = ((const fv_elementwise_options *)call->options)->program;
    double instructions = 1;
    for (const char *at = program; *at; at++) instructions += *at == ';';
    for (int i = 0; i < call->input_count; i++) work.bytes += (double)fv_type_bytes(&call->inputs[i].type);
    for (int k = 0; k < call->output_count; k++) work.bytes += (double)fv_type_bytes(&call->outputs[k].type);
    work.flops = instructions * (double)fv_type_count(&call->outputs[0].type);
    return work;
}

static const char *const cases[] = {
    "x0=f32[2,3,5] x1=f32[2,3,5] program=\"mul i0 i1\" results=t0",
    "x0=f32[2,33,5] x1=f32[5] x2=f32[] program=\"mul i0 i1; add t0 i2; relu t1\" results=t2,t0",
    "x0=f32[7,1,3] x1=f32[4,1] x2=bool[7,4,3] program=\"sub i0 i1; where i2 t0 i1; clamp t1 min=-0.5 max=0.25\" results=t2",
    "x0=f32[1025] x1=f32[1025]:0.1..2 "
    "program=\"exp i0; log i1; tanh i0; sigmoid i0; div t0 i1; greater t1 t2; where t5 t3 t4\" results=t6,t5",
    "x0=u8[3,70,3]:0..255 x1=f32[3] program=\"cast i0 dtype=f32; mul t0 i1\" results=t1",
    "x0=f32[2,9,9,16] x1=f32[2,1,1,16] program=\"mul i0 i1; silu t0; gelu t0; add t1 t2\" results=t3",
    "x0=f32[1] program=\"neg i0\" results=t0",
    "x0=bf16[2,9,9,16] x1=bf16[2,9,9,16] "
    "program=\"cast i0 dtype=f32; cast i1 dtype=f32; add t0 t1; relu t2; cast t3 dtype=bf16\" results=t4",
    "x0=f32[2061]:-6..6 "
    "program=\"erf i0; gelu i0; gelu i0 approximate=tanh; softplus i0; floor i0; sign i0\" results=t0,t1,t2,t3,t4,t5",
    "x0=f32[2061]:0..4 x1=f32[2061]:-3..3 "
    "program=\"log i0; pow i0 i1; silu i1; hard_swish i1; hard_sigmoid i1\" results=t0,t1,t2,t3,t4",
    "x0=f64[3,7] x1=i64[7]:-9..9 x2=i64[] "
    "program=\"add i1 i2; equal i1 i2; cast i0 dtype=f32; cast t0 dtype=f64; mul t3 i0; cast t1 dtype=i64; "
    "cast i0 dtype=bf16\" results=t0,t1,t2,t4,t5,t6",
    "x0=f32[300,3,1,9] x1=f32[300,1,5,9] x2=f32[5,1] "
    "program=\"sub i0 i1; mul t0 i2; cast t1 dtype=bool; logical_not t2\" results=t1,t2,t3",
    "x0=f32[40000] x1=f32[40000] x2=f32[40000] x3=f32[] program=\"mul i1 i3; add t0 i2; mul t1 i3; sub i0 t2\" results=t1,t3",
    NULL,
};

const fv_op fv_op_elementwise = {
    .name = "elementwise",
    .version = 1,
    .summary = "a chain of elementwise ops as one loop; made by the planner",
    .inputs = "x...",
    .outputs = "y...",
    .fields = fields,
    .shape = shape,
    .grad = fv_grad_refused,
    .reference = reference,
    .work = work,
    .cases = cases,
};
