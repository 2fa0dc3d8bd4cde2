/* shared: monitor.c - see monitor.h. A slice that a window lacks keeps its state: nothing was seen of it. */
#include "drift/monitor.h"

#include <string.h>

#include "core/base/size.h"

#define SLICES_REMEMBERED 4096

typedef struct remembered {
    const char *name;
    fv_drift_state state;
} remembered;

struct fv_drift_monitor {
    const fv_drift_profile *profile;
    fv_drift_policy policy;
    fv_drift_by by;
    fv_arena *arena; /* names of slices */
    fv_drift_state state;
    remembered *known;
    int64_t known_count, known_room;
    fv_drift_slices slices; /* of the last window */
    fv_drift_step_slice steps[FV_DRIFT_SLICES_MAX];
    fv_drift_totals totals;
};

fv_error *fv_drift_monitor_new(const fv_drift_profile *profile, const fv_drift_policy *policy, fv_drift_by by,
                               fv_drift_monitor **out) {
    FV_OWNED(fv_drift_monitor) m = NULL;
    FV_TRY(fv_memory_new(1, &m));
    m->profile = profile, m->policy = *policy, m->by = by;
    FV_TRY(fv_arena_new("names of slices", INT64_C(1) << 26, &m->arena));
    *out = fv_take(&m);
    return NULL;
}

void fv_drift_monitor_free(fv_drift_monitor *m) {
    if (!m) return;
    fv_drift_slices_release(&m->slices);
    fv_memory_free(m->known);
    fv_arena_free(m->arena);
    fv_memory_free(m);
}

static fv_error *remember(fv_drift_monitor *m, const char *name, remembered **out) {
    for (int64_t i = 0; i < m->known_count; i++)
        if (!strcmp(m->known[i].name, name)) return *out = &m->known[i], NULL;
    if (m->known_count == SLICES_REMEMBERED)
        return fv_error_hint(fv_fail(FV_MEMORY, "there are more than %d keys or classes", SLICES_REMEMBERED),
                             "give a key by camera or site, not by picture");
    if (m->known_count == m->known_room) {
        int64_t room = fv_max(2 * m->known_room, 64);
        FV_TRY(fv_memory_grow((void **)&m->known, m->known_room, room, sizeof *m->known));
        m->known_room = room;
    }
    *out = &m->known[m->known_count];
    FV_TRY(fv_arena_text(m->arena, name, &(*out)->name));
    m->known_count++;
    return NULL;
}

static fv_error *step_slices(fv_drift_monitor *m, const fv_drift_window *window, fv_drift_step *out) {
    remembered *known = NULL;
    fv_drift_slices_release(&m->slices);
    FV_TRY(fv_drift_judge_slices(m->profile, window, &m->policy, m->by, &m->slices));
    for (int64_t s = 0; s < m->slices.count; s++) {
        const fv_drift_slice *slice = &m->slices.at[s];
        FV_TRY(remember(m, slice->name, &known));
        bool raised = slice->tested && fv_drift_step_on(&m->policy, &slice->report, &known->state);
        m->steps[s] = (fv_drift_step_slice){ slice, known->state, raised };
        m->totals.alarms += raised;
    }
    out->slices = m->steps, out->slice_count = m->slices.count, out->left_out = m->slices.left_out;
    return NULL;
}

fv_error *fv_drift_monitor_step(fv_drift_monitor *m, const fv_drift_window *window, fv_drift_step *out) {
    *out = (fv_drift_step){ 0 };
    FV_TRY(fv_drift_judge(m->profile, window, &m->policy, &out->report));
    out->raised = fv_drift_step_on(&m->policy, &out->report, &m->state);
    out->state = m->state;
    m->totals.windows++;
    m->totals.drifting += out->report.drift;
    m->totals.alarms += out->raised;
    FV_TRY(step_slices(m, window, out));
    m->totals.alarmed = m->state.alarmed;
    for (int64_t i = 0; i < m->known_count; i++) m->totals.alarmed |= m->known[i].state.alarmed;
    return NULL;
}

fv_drift_totals fv_drift_monitor_totals(const fv_drift_monitor *m) { return m->totals; }
