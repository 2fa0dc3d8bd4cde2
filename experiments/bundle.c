/* bundle.c - see bundle.h. */
#include "experiments/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "experiments/register.h"
#include "registry/names.h"

#define FORMAT 1
#define JSON_BYTES_MAX (INT64_C(1) << 26)
#define TEXTS_BYTES_MAX (INT64_C(1) << 29)

/* version.json. Lists that belong together have a place for each thing. */
typedef struct bundle {
    int64_t format, version, created_ms;
    const char *workspace, *model, *digest, *description, *source, *created_by;
    fv_strings tag_keys, tag_values;
    fv_strings licences_of, licences, licences_from; /* from: the version it was carried from; "" its own */
    fv_strings file_paths, file_digests;
    fv_strings edges_from_kind, edges_from, edges_relation, edges_to_kind, edges_to;
} bundle;

static const fv_field fields[] = {
    FV_FIELD(bundle, format, .required = true, .min = 1, .max = FORMAT, .help = "of the bundle"),
    FV_FIELD(bundle, workspace, .required = true, .min = 32, .max = 32, .help = "id of the one it comes from"),
    FV_FIELD(bundle, model, .required = true, .help = "its name there"),
    FV_FIELD(bundle, version, .required = true, .min = 1, .help = "its number there"),
    FV_FIELD(bundle, digest, .required = true, .min = 64, .max = 64, .help = "BLAKE2b-256 of model.fovea"),
    FV_FIELD(bundle, description, .help = "of the version"),
    FV_FIELD(bundle, source, .help = "where the file came from"),
    FV_FIELD(bundle, created_by, .help = "who registered it"),
    FV_FIELD(bundle, created_ms, .help = "when"),
    FV_FIELD(bundle, tag_keys, .help = "of its tags"),
    FV_FIELD(bundle, tag_values, .help = "of its tags"),
    FV_FIELD(bundle, licences_of, .help = "what the licences are of"),
    FV_FIELD(bundle, licences, .help = "the licences"),
    FV_FIELD(bundle, licences_from, .help = "the version that each was carried from"),
    FV_FIELD(bundle, file_paths, .help = "of what is kept with it"),
    FV_FIELD(bundle, file_digests, .help = "of the same"),
    FV_FIELD(bundle, edges_from_kind, .help = "of what it came from"),
    FV_FIELD(bundle, edges_from, .help = "of what it came from"),
    FV_FIELD(bundle, edges_relation, .help = "of what it came from"),
    FV_FIELD(bundle, edges_to_kind, .help = "of what it came from"),
    FV_FIELD(bundle, edges_to, .help = "of what it came from"),
    FV_FIELDS_END
};

/* ---- names of versions in other workspaces ---- */

/* Those that have a workspace in front keep it. */
static fv_error *qualify(const char *workspace, const char *kind, const char *ref, fv_arena *arena, const char **out) {
    if (strcmp(kind, "version") != 0 || strchr(ref, ':') || !*ref) return fv_arena_text(arena, ref, out);
    return fv_arena_format(arena, out, "%s:%s", workspace, ref);
}

/* A path stays in the bundle. */
static fv_error *check_path(const char *who, const char *path) {
    FV_OWNED(fv_error) error = fv_inner_path_check("a path", path);
    return error ? fv_fail(FV_FORMAT, "%s names a file \"%s\"", who, path) : NULL;
}

/* ---- exporting ---- */

static fv_error *take_texts(fv_arena *arena, int64_t count, const char ***texts, fv_strings *list) {
    FV_TRY(fv_arena_take(arena, count + 1, texts));
    *list = (fv_strings){ count, *texts };
    return NULL;
}

static fv_error *list_pieces(const fv_version_row *v, fv_arena *arena, bundle *b) {
    const char **keys, **values, **of, **licences, **from, **paths, **digests;
    FV_TRY(take_texts(arena, v->tag_count, &keys, &b->tag_keys));
    FV_TRY(take_texts(arena, v->tag_count, &values, &b->tag_values));
    for (int64_t i = 0; i < v->tag_count; i++) keys[i] = v->tags[i].key, values[i] = v->tags[i].value;
    FV_TRY(take_texts(arena, v->licence_count, &of, &b->licences_of));
    FV_TRY(take_texts(arena, v->licence_count, &licences, &b->licences));
    FV_TRY(take_texts(arena, v->licence_count, &from, &b->licences_from));
    for (int64_t i = 0; i < v->licence_count; i++) {
        of[i] = v->licences[i].of, licences[i] = v->licences[i].licence;
        FV_TRY(qualify(b->workspace, "version", v->licences[i].from, arena, &from[i]));
    }
    FV_TRY(take_texts(arena, v->file_count, &paths, &b->file_paths));
    FV_TRY(take_texts(arena, v->file_count, &digests, &b->file_digests));
    for (int64_t i = 0; i < v->file_count; i++) {
        FV_TRY(check_path("the registry", v->files[i].path));
        paths[i] = v->files[i].path, digests[i] = v->files[i].digest;
    }
    return NULL;
}

static fv_error *list_edges(const fv_lineage *l, fv_arena *arena, bundle *b) {
    const char **from_kind, **from, **relation, **to_kind, **to;
    FV_TRY(take_texts(arena, l->count, &from_kind, &b->edges_from_kind));
    FV_TRY(take_texts(arena, l->count, &from, &b->edges_from));
    FV_TRY(take_texts(arena, l->count, &relation, &b->edges_relation));
    FV_TRY(take_texts(arena, l->count, &to_kind, &b->edges_to_kind));
    FV_TRY(take_texts(arena, l->count, &to, &b->edges_to));
    for (int64_t i = 0; i < l->count; i++) {
        const fv_lineage_edge *e = &l->at[i];
        FV_TRY(fv_arena_text(arena, e->from_kind, &from_kind[i]));
        FV_TRY(fv_arena_text(arena, e->relation, &relation[i]));
        FV_TRY(fv_arena_text(arena, e->to_kind, &to_kind[i]));
        FV_TRY(qualify(b->workspace, e->from_kind, e->from, arena, &from[i]));
        FV_TRY(qualify(b->workspace, e->to_kind, e->to, arena, &to[i]));
    }
    return NULL;
}

static fv_error *describe(fv_registry *registry, const fv_version_row *v, fv_arena *arena, bundle *b) {
    char workspace[FV_WORKSPACE_ID_LETTERS];
    const char *reference;
    fv_lineage lineage;
    FV_TRY(fv_workspace_id(registry, workspace));
    FV_TRY(fv_arena_text(arena, workspace, &b->workspace));
    FV_TRY(list_pieces(v, arena, b));
    FV_TRY(fv_arena_format(arena, &reference, "%s/%lld", v->model, (long long)v->number));
    FV_TRY(fv_lineage_walk(registry, "version", reference, false, &lineage));
    fv_error *error = list_edges(&lineage, arena, b);
    fv_lineage_release(&lineage);
    return error;
}

/* The path within the bundle of what is kept with a version; its folders are made. */
static fv_error *place_file(const char *folder, const char *path, bool make, fv_arena *arena, const char **out) {
    const char *parent;
    FV_TRY(fv_arena_format(arena, out, "%s/files/%s", folder, path));
    FV_TRY(fv_arena_format(arena, &parent, "%.*s", (int)(strrchr(*out, '/') - *out), *out));
    return make ? fv_file_make_folder(parent) : NULL;
}

static fv_error *write_bundle(fv_registry *registry, const fv_version_row *v, const bundle *b, const char *folder,
                              fv_arena *arena) {
    const char *path;
    FV_TEXT(json, JSON_BYTES_MAX);
    FV_TRY(fv_file_make_folder(folder));
    for (int64_t i = 0; i < v->file_count; i++) {
        FV_TRY(place_file(folder, v->files[i].path, true, arena, &path));
        FV_TRY(fv_object_copy(registry, v->files[i].digest, path));
    }
    FV_TRY(fv_file_join(arena, folder, "model.fovea", &path));
    FV_TRY(fv_object_copy(registry, v->digest, path));
    fv_fields_to_json(fields, b, &json);
    fv_text_add(&json, "\n");
    FV_TRY(fv_text_error(&json));
    FV_TRY(fv_file_join(arena, folder, "version.json", &path));
    return fv_file_write(path, json.at, json.length, NULL);
}

/* With the folders that are empty then, up to the draft. */
static void remove_file(const char *draft, const char *path) {
    FV_TEXT(whole, 1 << 16);
    fv_text_addf(&whole, "%s/%s", draft, path);
    fv_error *error = fv_text_error(&whole);
    if (!error) unlink(whole.at);
    for (char *slash; !error && (slash = strrchr(whole.at, '/')) && (size_t)(slash - whole.at) > strlen(draft);) {
        *slash = 0;
        rmdir(whole.at);
    }
    fv_error_free(error);
}

static void remove_draft(const fv_version_row *v, const char *draft) {
    for (int64_t i = 0; i < v->file_count; i++) {
        FV_TEXT(path, 1 << 16);
        fv_text_addf(&path, "files/%s", v->files[i].path);
        remove_file(draft, path.at);
        fv_error_free(fv_text_error(&path));
    }
    remove_file(draft, "model.fovea");
    remove_file(draft, "version.json");
    rmdir(draft);
}

/* Under a name of its own first. */
static fv_error *export(fv_registry *registry, const fv_version_row *v, const char *folder, fv_arena *arena) {
    const char *draft;
    bundle b = { .format = FORMAT,
                 .model = v->model,
                 .version = v->number,
                 .digest = v->digest,
                 .description = v->description,
                 .source = v->source,
                 .created_by = v->created_by,
                 .created_ms = v->created_ms };
    FV_TRY(describe(registry, v, arena, &b));
    FV_TRY(fv_arena_format(arena, &draft, "%s.%ld.new", folder, (long)getpid()));
    fv_error *error = write_bundle(registry, v, &b, draft, arena);
    if (!error && rename(draft, folder) < 0) error = fv_fail(FV_IO, "cannot make %s: %s", folder, strerror(errno));
    if (error) remove_draft(v, draft);
    return error;
}

fv_error *fv_bundle_export(fv_registry *registry, const char *reference, const char *folder) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_version_list list;
    if (fv_file_kind_of(folder) != FV_FILE_NONE) return fv_fail(FV_CONFLICT, "%s is there already", folder);
    FV_TRY(fv_arena_new("a version's bundle", TEXTS_BYTES_MAX, &arena));
    FV_TRY(fv_version_find(registry, reference, &list));
    fv_error *error = export(registry, &list.rows[0], folder, arena);
    fv_version_list_release(&list);
    return error;
}

/* ---- importing ---- */

static fv_error *check_counts(const bundle *b) {
    int64_t edges = b->edges_from.count;
    bool fits = b->tag_keys.count == b->tag_values.count && b->licences_of.count == b->licences.count &&
                b->licences_of.count == b->licences_from.count && b->file_paths.count == b->file_digests.count &&
                b->edges_from_kind.count == edges && b->edges_relation.count == edges && b->edges_to_kind.count == edges &&
                b->edges_to.count == edges;
    return fits ? NULL : fv_fail(FV_FORMAT, "version.json has lists of different lengths");
}

static fv_error *check_paths(const bundle *b) {
    for (int64_t i = 0; i < b->file_paths.count; i++) FV_TRY(check_path("version.json", b->file_paths.at[i]));
    return NULL;
}

/* Without a workspace in front it would be a version of the registry it comes to. */
static fv_error *check_version(const char *kind, const char *ref) {
    if (strcmp(kind, "version") != 0 || !*ref || strchr(ref, ':')) return NULL;
    return fv_fail(FV_FORMAT, "version.json names a version \"%s\" without its workspace", ref);
}

static fv_error *check_versions(const bundle *b) {
    for (int64_t i = 0; i < b->licences_from.count; i++) FV_TRY(check_version("version", b->licences_from.at[i]));
    for (int64_t i = 0; i < b->edges_from.count; i++) {
        FV_TRY(check_version(b->edges_from_kind.at[i], b->edges_from.at[i]));
        FV_TRY(check_version(b->edges_to_kind.at[i], b->edges_to.at[i]));
    }
    return NULL;
}

static fv_error *read_json(const char *folder, fv_arena *arena, bundle *b) {
    FV_OWNED(fv_memory) text = NULL;
    const char *path;
    int64_t length;
    FV_TRY(fv_file_join(arena, folder, "version.json", &path));
    FV_TRY(fv_file_read(path, JSON_BYTES_MAX, (uint8_t **)&text, &length));
    fv_error *error = fv_fields_from_json(fields, b, text, path, arena);
    if (error && fv_error_code(error) == FV_USAGE) {
        fv_error *told = fv_fail(FV_FORMAT, "%s is no version's bundle: %s", folder, fv_error_message(error));
        fv_error_free(error);
        return told;
    }
    FV_TRY(error);
    FV_TRY(check_counts(b));
    FV_TRY(check_paths(b));
    return check_versions(b);
}

static bool is_within(const char *folder, const char *path) {
    size_t length = strlen(folder);
    return !strncmp(path, folder, length) && (path[length] == '/' || (length && folder[length - 1] == '/'));
}

/* No link leads out of the bundle, and no pipe or device is taken for a file: they may have no end. */
static fv_error *check_file(const char *folder, const char *path) {
    char *whole, *real;
    FV_TRY(fv_file_resolve(folder, &whole));
    fv_error *error = fv_file_resolve(path, &real);
    bool fits = !error && is_within(whole, real) && fv_file_kind_of(real) == FV_FILE_PLAIN;
    fv_string_free(whole);
    FV_TRY(error);
    fv_string_free(real);
    return fits ? NULL : fv_fail(FV_FORMAT, "%s is no file of the bundle", path);
}

/* Into the store; its digest must be the one that is said. */
static fv_error *put_checked(fv_registry *registry, const char *folder, const char *path, const char *said,
                             char digest[FV_DIGEST_LETTERS]) {
    FV_TRY(check_file(folder, path));
    FV_TRY(fv_object_put_file(registry, path, digest));
    if (!strcmp(said, digest)) return NULL;
    return fv_fail(FV_FORMAT, "%s is not the file that was exported: its digest is %s, not %s", path, digest, said);
}

static fv_error *put_files(fv_registry *registry, const char *folder, const bundle *b, fv_arena *arena,
                           const fv_version_file **out) {
    fv_version_file *files;
    char digest[FV_DIGEST_LETTERS];
    const char *path;
    FV_TRY(fv_arena_take(arena, b->file_paths.count + 1, &files));
    for (int64_t i = 0; i < b->file_paths.count; i++) {
        FV_TRY(place_file(folder, b->file_paths.at[i], false, arena, &path));
        FV_TRY(put_checked(registry, folder, path, b->file_digests.at[i], digest));
        files[i] = (fv_version_file){ .path = b->file_paths.at[i], .digest = b->file_digests.at[i] };
    }
    *out = files;
    return NULL;
}

static fv_error *copy_licences(const bundle *b, fv_arena *arena, fv_version_options *options) {
    fv_licence_of *licences;
    FV_TRY(fv_arena_take(arena, b->licences.count + 1, &licences));
    for (int64_t i = 0; i < b->licences.count; i++)
        licences[i] = (fv_licence_of){ b->licences_of.at[i], b->licences.at[i], b->licences_from.at[i] };
    options->licences = licences;
    options->licence_count = b->licences.count;
    return NULL;
}

static fv_error *copy_tags(const bundle *b, fv_arena *arena, fv_version_options *options) {
    fv_key_value *tags;
    FV_TRY(fv_arena_take(arena, b->tag_keys.count + 1, &tags));
    for (int64_t i = 0; i < b->tag_keys.count; i++) tags[i] = (fv_key_value){ b->tag_keys.at[i], b->tag_values.at[i] };
    options->tags = tags;
    options->tag_count = b->tag_keys.count;
    return NULL;
}

/* What it came from there, and that it came from there. */
static fv_error *copy_edges(const bundle *b, const char *there, fv_arena *arena, fv_version_options *options) {
    fv_lineage_edge *edges;
    int64_t count = b->edges_from.count;
    FV_TRY(fv_arena_take(arena, count + 1, &edges));
    for (int64_t i = 0; i < count; i++)
        edges[i] = (fv_lineage_edge){ .from_kind = b->edges_from_kind.at[i],
                                      .from = b->edges_from.at[i],
                                      .relation = b->edges_relation.at[i],
                                      .to_kind = b->edges_to_kind.at[i],
                                      .to = b->edges_to.at[i] };
    edges[count] = (fv_lineage_edge){ .from_kind = "version", .from = there, .relation = "imported", .to_kind = "version" };
    options->edges = edges;
    options->edge_count = count + 1;
    return NULL;
}

fv_error *fv_bundle_check(const char *folder, fv_arena *arena) {
    bundle b;
    return read_json(folder, arena, &b);
}

/* The files go into the store first, where nothing names them yet; then all of the version is written at once. */
fv_error *fv_bundle_import(fv_registry *registry, const char *folder, const char *name, fv_arena *arena, fv_imported *out) {
    bundle b;
    fv_model_facts facts;
    const char *path, *there;
    *out = (fv_imported){ 0 };
    FV_TRY(read_json(folder, arena, &b));
    FV_TRY(fv_arena_text(arena, name ? name : b.model, &out->model));
    FV_TRY(fv_file_join(arena, folder, "model.fovea", &path));
    FV_TRY(put_checked(registry, folder, path, b.digest, out->digest));
    FV_TRY(fv_error_wrap(fv_object_check_model(registry, out->digest, NULL, arena, &facts), "%s", path));
    FV_TRY(fv_arena_format(arena, &there, "%s:%s/%lld", b.workspace, b.model, (long long)b.version));
    fv_version_options options = { .model = out->model,
                                   .digest = out->digest,
                                   .source = there,
                                   .description = b.description,
                                   .file_count = b.file_paths.count };
    FV_TRY(fv_version_options_of_facts(&facts, arena, &options));
    FV_TRY(copy_licences(&b, arena, &options));
    FV_TRY(copy_tags(&b, arena, &options));
    FV_TRY(copy_edges(&b, there, arena, &options));
    FV_TRY(put_files(registry, folder, &b, arena, &options.files));
    return fv_version_add(registry, &options, &out->version);
}
