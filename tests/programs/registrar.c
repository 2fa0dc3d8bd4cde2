/* registrar.c - registers models and promotes them, for the faults of tests/soak: registrar WORKSPACE COUNT ACKS
 *
 * Each of COUNT times: an object is put, a version of the model "cells" made of it, the alias champion moved there. What is
 * done is acknowledged by a new folder in ACKS: put-N, version-N, alias-N. */
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
    fv_alias_decision decision = { .model = "cells",
                                   .alias = "champion",
                                   .version = added.number,
                                   .incumbent = added.number - 1,
                                   .verb = FV_ALIAS_PROMOTE,
                                   .taken = true,
                                   .reasons = "[]" };
    FV_TRY(fv_alias_decide(registry, &decision));
    return acknowledge(acks, "alias", number);
}

static fv_error *register_all(const char *workspace, int count, const char *acks) {
    FV_OWNED(fv_registry) registry = NULL;
    FV_TRY(fv_registry_open(workspace, NULL, &registry));
    for (int i = 1; i <= count; i++) FV_TRY(register_one(registry, i, acks));
    return NULL;
}

int main(int argc, char **argv) {
    char text[2000];
    if (argc != 4) return fprintf(stderr, "usage: registrar WORKSPACE COUNT ACKS\n"), 2;
    fv_error *error = register_all(argv[1], (int)strtol(argv[2], NULL, 10), argv[3]);
    if (!error) return 0;
    fprintf(stderr, "fovea registrar: %s\n", fv_error_format(error, text, sizeof text));
    fv_error_free(error);
    return 1;
}
