/* reader_find.c - where fovea-reader is. An installed tree can be moved: it is sought from where the program and the library
 * lie. FOVEA_LIBEXEC, where it was to be installed, is for programs with libfovea.a, which may lie anywhere. */
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/formats/reader.h"

/* Seen from a program in bin, a library in lib or in lib/MACHINE. */
static const char *const beside[] = { "fovea-reader", "../libexec/fovea/fovea-reader", "../../libexec/fovea/fovea-reader" };

static bool is_program(const char *path) { return access(path, X_OK) == 0; }

/* The first that is there of those beside `file`. */
static fv_error *find_beside(const char *file, fv_arena *arena, const char **path) {
    const char *slash = strrchr(file, '/');
    if (!slash) return NULL;
    for (int i = 0; i < 3 && !*path; i++) {
        const char *candidate;
        FV_TRY(fv_arena_format(arena, &candidate, "%.*s/%s", (int)(slash - file), file, beside[i]));
        if (is_program(candidate)) *path = candidate;
    }
    return NULL;
}

fv_error *fv_reader_find(fv_arena *arena, const char **path) {
    const char *given = secure_getenv("FOVEA_READER");
    *path = NULL;
    if (given && *given) {
        if (!is_program(given)) return fv_fail(FV_NOT_FOUND, "FOVEA_READER=%s is no program", given);
        return fv_arena_text(arena, given, path);
    }
    char program[PATH_MAX + 1] = "";
    Dl_info library;
    if (readlink("/proc/self/exe", program, PATH_MAX) > 0) FV_TRY(find_beside(program, arena, path));
    if (!*path && dladdr((const void *)(uintptr_t)fv_reader_find, &library) && library.dli_fname)
        FV_TRY(find_beside(library.dli_fname, arena, path));
    if (!*path && is_program(FOVEA_LIBEXEC "/fovea-reader")) *path = FOVEA_LIBEXEC "/fovea-reader";
    if (*path) return NULL;
    fv_error *error = fv_fail(FV_NOT_FOUND,
                              "there is no fovea-reader, the program that goes through files safely: not beside %s, "
                              "not in ../libexec/fovea from there, not in " FOVEA_LIBEXEC,
                              program);
    return fv_error_hint(error, "it is installed with fovea; copy it beside the program, or name it by FOVEA_READER");
}
