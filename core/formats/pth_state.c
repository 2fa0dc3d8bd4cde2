/* pth_state.c - see pth_state.h. */
#include "core/formats/pth_state.h"

#include <string.h>

#include "core/base/size.h"

/* Wrappers in the order in which they are looked for. Lightning, timm, torchvision's references, YOLO, DINO, and others. */
static const char *const plain[] = { "state_dict", "model_state_dict", "model",  "net",     "network",
                                     "params",     "weights",          "module", "student", NULL };
static const char *const averaged[] = { "state_dict_ema", "model_ema_state_dict",
                                        "ema_state_dict", "model_ema",
                                        "ema_model",      "model_state_dict_ema",
                                        "params_ema",     "ema",
                                        "teacher",        NULL };
#define WRAPPERS_MAX 4 /* one inside another */
#define LISTED 12      /* names in a message, at most */

static const fv_pickle *argument(const fv_pickle *arguments, int64_t index) {
    return arguments && arguments->kind == FV_PICKLE_TUPLE && index < arguments->count ? arguments->items[index] : NULL;
}

static bool rebuilds(const fv_pickle *what) {
    return fv_pickle_is(what, "torch._utils._rebuild_tensor") || fv_pickle_is(what, "torch._utils._rebuild_tensor_v2") ||
           fv_pickle_is(what, "torch._utils._rebuild_tensor_v3");
}

const fv_pickle *fv_pth_tensor(const fv_pickle *node) {
    for (int depth = 0; node && depth < WRAPPERS_MAX; depth++) {
        if (node->kind != FV_PICKLE_OBJECT || !node->called || node->count < 2) return NULL;
        const fv_pickle *what = node->items[0], *arguments = node->items[1];
        if (rebuilds(what)) return arguments;
        if (fv_pickle_is(what, "torch._tensor._rebuild_from_type_v2"))
            return rebuilds(argument(arguments, 0)) ? argument(arguments, 2) : NULL;
        if (!fv_pickle_is(what, "torch._utils._rebuild_parameter") &&
            !fv_pickle_is(what, "torch._utils._rebuild_parameter_with_state"))
            return NULL;
        node = argument(arguments, 0);
    }
    return NULL;
}

static int64_t count_tensors(const fv_pickle *dict) {
    int64_t count = 0;
    if (!dict || dict->kind != FV_PICKLE_DICT) return 0;
    for (int64_t i = 0; i + 1 < dict->count; i += 2)
        count += dict->items[i]->kind == FV_PICKLE_TEXT && fv_pth_tensor(dict->items[i + 1]) != NULL;
    return count;
}

/* Tensors in it, or in an entry of it: what may hold a network's weights. */
static bool holds_weights(const fv_pickle *dict, int depth) {
    if (count_tensors(dict)) return true;
    if (!dict || dict->kind != FV_PICKLE_DICT || depth == WRAPPERS_MAX) return false;
    for (int k = 0; plain[k]; k++)
        if (holds_weights(fv_pickle_find(dict, plain[k]), depth + 1)) return true;
    return false;
}

static const char *find_wrapper(const fv_pickle *dict, const char *const *names) {
    for (int k = 0; names[k]; k++)
        if (holds_weights(fv_pickle_find(dict, names[k]), 1)) return names[k];
    return NULL;
}

/* The only entry that holds tensors, under whatever name. */
static const char *find_only(const fv_pickle *dict) {
    const char *found = NULL;
    for (int64_t i = 0; i + 1 < dict->count; i += 2) {
        if (dict->items[i]->kind != FV_PICKLE_TEXT || !count_tensors(dict->items[i + 1])) continue;
        if (found) return NULL;
        found = dict->items[i]->text;
    }
    return found;
}

static void list_keys(const fv_pickle *dict, fv_text *out) {
    for (int64_t i = 0; i + 1 < dict->count && i < 2 * LISTED; i += 2) {
        if (i) fv_text_add(out, ", ");
        fv_text_add_printable(out, dict->items[i]->kind == FV_PICKLE_TEXT ? dict->items[i]->text : "(no text)");
    }
    if (dict->count > 2 * LISTED) fv_text_add(out, ", …");
}

static fv_error *no_weights(const fv_pickle *root) {
    FV_TEXT(keys, 1 << 16);
    if (fv_pth_tensor(root)) return fv_fail(FV_UNSUPPORTED, "it holds one tensor, not a dictionary of tensors with names");
    if (root->kind == FV_PICKLE_OBJECT && root->count && root->items[0]->kind == FV_PICKLE_GLOBAL)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "it holds an object of the Python class %s, not a dictionary of tensors",
                                     root->items[0]->text),
                             "in Python: torch.save(model.state_dict(), PATH)");
    if (root->kind != FV_PICKLE_DICT) return fv_fail(FV_UNSUPPORTED, "it holds no dictionary of tensors");
    list_keys(root, &keys);
    FV_TRY(fv_text_error(&keys));
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "it has no entry that is known to hold the weights; it has: %s",
                                 keys.length ? keys.at : "nothing"),
                         "name the entry that does by --entry");
}

/* What stands beside the weights that were taken. */
static void note_averaged(const fv_pickle *dict, const char *taken, bool wanted, fv_foreign_file *file) {
    const char *other = find_wrapper(dict, wanted ? plain : averaged);
    if (other && strcmp(other, taken) != 0)
        fv_foreign_note(file, "beside \"%s\" it holds %s weights, \"%s\"%s", taken, wanted ? "plain" : "averaged", other,
                        wanted ? "" : ": --averaged takes them");
}

static fv_error *choose(const fv_pickle *dict, const fv_foreign_options *o, bool first, const char **out) {
    *out = NULL;
    if (first && o->entry) {
        *out = o->entry;
        return holds_weights(fv_pickle_find(dict, o->entry), 0)
                   ? NULL
                   : fv_fail(FV_NOT_FOUND, "its entry \"%s\" holds no tensors, or there is none", o->entry);
    }
    if (first && o->averaged) {
        *out = find_wrapper(dict, averaged);
        return *out ? NULL : fv_fail(FV_NOT_FOUND, "it holds no averaged weights under a name that is known");
    }
    *out = find_wrapper(dict, plain);
    if (!*out && !count_tensors(dict)) *out = find_wrapper(dict, averaged);
    if (!*out && !count_tensors(dict)) *out = find_only(dict);
    return NULL;
}

fv_error *fv_pth_find_state(const fv_pickle *root, const fv_foreign_options *options, fv_foreign_file *file,
                            const fv_pickle **state) {
    const fv_pickle *at = root;
    for (int depth = 0; depth < WRAPPERS_MAX && at && at->kind == FV_PICKLE_DICT; depth++) {
        const char *name;
        FV_TRY(choose(at, options, depth == 0, &name));
        if (!name) break;
        note_averaged(at, name, options->averaged, file);
        at = fv_pickle_find(at, name);
        if (file->taken)
            FV_TRY(fv_arena_format(file->arena, &file->taken, "%s.%s", file->taken, name));
        else
            FV_TRY(fv_arena_text(file->arena, name, &file->taken));
    }
    if (!count_tensors(at) && !(root->kind == FV_PICKLE_DICT && !root->count)) return no_weights(root);
    *state = at;
    return NULL;
}

/* Whether every tensor's name goes on, behind `skip` bytes, with `prefix` and something more. */
static bool all_have(const fv_pickle *state, size_t skip, const char *prefix) {
    size_t length = strlen(prefix);
    int64_t count = 0;
    for (int64_t i = 0; i + 1 < state->count; i += 2) {
        if (state->items[i]->kind != FV_PICKLE_TEXT || !fv_pth_tensor(state->items[i + 1])) continue;
        const char *name = state->items[i]->text + skip;
        if (strncmp(name, prefix, length) != 0 || !name[length]) return false;
        count++;
    }
    return count > 0;
}

fv_error *fv_pth_find_prefix(const fv_pickle *state, fv_foreign_file *file, const char **prefix) {
    static const char *const known[] = { "module.", "_orig_mod.", "model." };
    *prefix = "";
    for (int k = 0, rounds = 0; k < 3 && rounds < WRAPPERS_MAX;) {
        if (!all_have(state, strlen(*prefix), known[k])) {
            k++;
            continue;
        }
        FV_TRY(fv_arena_format(file->arena, prefix, "%s%s", *prefix, known[k]));
        k = 0, rounds++;
    }
    if (**prefix) file->stripped = *prefix;
    return NULL;
}
