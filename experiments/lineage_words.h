/* lineage_words.h - an edge of a lineage as a line for people. */
#ifndef FV_EXPERIMENTS_LINEAGE_WORDS_H
#define FV_EXPERIMENTS_LINEAGE_WORDS_H

#include "core/base/arena.h"
#include "fovea/versions.h"

/* "run 0123… (first) made version cells/1"; `forward` as the walk that found it, whose far end has the name. */
FV_MUST_USE fv_error *fv_lineage_say(const fv_lineage_edge *edge, bool forward, fv_arena *arena, const char **out);

#endif
