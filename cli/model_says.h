/* model_says.h - what a model file says of itself, printed: of a file, of a version in the registry. */
#ifndef FV_CLI_MODEL_SAYS_H
#define FV_CLI_MODEL_SAYS_H

#include "cli/printer.h"
#include "experiments/model_facts.h"

/* Into an open record; with the file's own licences where these are not printed otherwise. */
FV_MUST_USE fv_error *fv_model_facts_print(const fv_model_facts *facts, bool licences, fv_arena *arena, fv_printer *printer);

#endif
