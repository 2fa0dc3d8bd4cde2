/* golden.h - whole networks against the numbers of tests/golden/networks.py. Weights and batches come from the same integer
 * hash here and there. A tensor agrees when sum, norm, hashed dot product and entries differ from the truth by no more than
 * eight times PyTorch's own f32 error (and a part in a million of the norm). Whatever does not agree fails the test. */
#ifndef FV_TESTS_LAYERS_GOLDEN_H
#define FV_TESTS_LAYERS_GOLDEN_H

#include "fovea/layers.h"
#include "tests/test.h"

/* Number `index` of the stream `name`: uniform in [-1, 1), a multiple of 2^-23. */
double golden_uniform(const char *name, int64_t index);

/* The text of tests/golden/FILE; fv_memory_free it. */
char *golden_text(const char *file);

/* The architecture (text, for `batch` pictures) in file tests/golden/NAME.txt: logits in evaluation and training mode and every
 * gradient. */
void golden_check_gradients(const char *name, const char *arch, int64_t batch);
/* Losses and changes of every state over three steps; `kind` is "sgd" or "adamw". With "sgd" the names of the states, buffers
 * included, are those of PyTorch's state_dict, all of them. */
void golden_check_steps(const char *name, const char *arch, int64_t batch, const char *kind);

#endif
