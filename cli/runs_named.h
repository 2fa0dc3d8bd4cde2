/* runs_named.h - runs that a command line names: by id, the first letters of it, or name in the registry, or as folders that
 * `fovea train --out` made. */
#ifndef FV_CLI_RUNS_NAMED_H
#define FV_CLI_RUNS_NAMED_H

#include "core/base/fields.h"
#include "experiments/run_facts.h"

/* Where `name` is a folder it is that, and a run of the registry that is called so but was made elsewhere is passed over: this
 * says so, on standard error. A name with a '/' in it can only be a path. */
void fv_runs_named_say_both(const char *name, const char *workspace);

/* One of each name, in `arena`; where two have one name, all are called by where they are. The registry of `workspace` is
 * opened when a name is no folder. */
FV_MUST_USE fv_error *fv_runs_named(const fv_strings *names, const char *workspace, fv_arena *arena, fv_run_facts **out);

#endif
