/* lineage_words.c - see lineage_words.h. */
#include "experiments/lineage_words.h"

fv_error *fv_lineage_say(const fv_lineage_edge *e, bool forward, fv_arena *arena, const char **out) {
    const char *name = "";
    if (*e->name) FV_TRY(fv_arena_format(arena, &name, " (%s)", e->name));
    return fv_arena_format(arena, out, "%s %s%s %s %s %s%s", e->from_kind, e->from, forward ? "" : name, e->relation,
                           e->to_kind, e->to, forward ? name : "");
}
