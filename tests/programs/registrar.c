/* registrar.c - registers models and promotes them, for the faults of tests/soak: registrar WORKSPACE COUNT ACKS [FIRST]
 *
 * Each of COUNT times: an object is put, a version of the model "cells" made of it, the alias champion moved there. What is
 * done is acknowledged by a new folder in ACKS: put-N, version-N, alias-N; N from FIRST (1). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fovea/objects.h"
#include "fovea/versions.h"

static fv_error *acknowledge(const char *acks, const char *what, int number) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%d", acks, what, number);
    return mkdir(path, 0777) < 0 ? fv_fail(FV_IO, "cannot make %s: %s", path, strerror(errno)) : NULL;
}

static fv_error *register_one(fv_registry *registry, int number, const char *acks) {
    char content[3000], digest[FV_DIGEST_LETTERS];
    fv_version_added added;
    memset(content, number, sizeof content);
    FV_TRY(fv_object_put(registry, content, sizeof content, digest));
    FV_TRY(acknowledge(acks, "put", number));
    FV_TRY(fv_version_add(registry, &(fv_version_options){ .model = "cells", .digest = digest }, &added));
    FV_TRY(acknowledge(acks, "version", number));
    int64_t incumbent;
    FV_TRY(fv_alias_get(registry, "cells", "champion", &incumbent));
    fv_alias_decision decision = { .model = "cells",
                                   .alias = "champion",
                                   .version = added.number,
                                   .incumbent = incumbent,
                                   .verb = FV_ALIAS_PROMOTE,
                                   .taken = true,
                                   .reasons = "[]" };
    FV_TRY(fv_alias_decide(registry, &decision));
    return acknowledge(acks, "alias", number);
}

static fv_error *register_all(const char *workspace, int first, int count, const char *acks) {
    FV_OWNED(fv_registry) registry = NULL;
    FV_TRY(fv_registry_open(workspace, NULL, &registry));
    for (int i = first; i < first + count; i++) FV_TRY(register_one(registry, i, acks));
    return NULL;
}

int main(int argc, char **argv) {
    char text[2000];
    if (argc < 4) return fprintf(stderr, "usage: registrar WORKSPACE COUNT ACKS [FIRST]\n"), 2;
    int count = (int)strtol(argv[2], NULL, 10), first = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 1;
    fv_error *error = register_all(argv[1], first, count, argv[3]);
    if (!error) return 0;
    fprintf(stderr, "fovea registrar: %s\n", fv_error_format(error, text, sizeof text));
    fv_error_free(error);
    return 1;
}
