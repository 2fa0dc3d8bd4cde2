/* Tokens: told once, kept as a hash; roles in order, scopes, ends; and no door that opens by accident. */
#include "fovea/tokens.h"

#include <stdio.h>

#include "core/base/file.h"
#include "fovea/care.h"
#include "tests/test.h"

static int64_t now_ms = INT64_C(1800000000000);
static int64_t test_clock(void) { return now_ms; }

static fv_registry *open_here(void) {
    fv_registry *registry;
    FV_OK(fv_registry_open(fv_test_folder(), &(fv_registry_options){ .clock = test_clock }, &registry));
    return registry;
}

typedef struct secret {
    char at[FV_TOKEN_LETTERS];
} secret;

static secret create(fv_registry *registry, const char *name, fv_token_role role, const char *scope, double days) {
    secret out;
    fv_token_options options = { .name = name, .role = role, .scopes = &scope, .scope_count = scope != NULL, .days = days };
    FV_OK(fv_token_create(registry, &options, out.at));
    return out;
}

static fv_access check(fv_registry *registry, const char *shown, fv_token_role role, const char *subject, bool local) {
    fv_token_list tokens;
    FV_OK(fv_tokens_list(registry, &tokens));
    fv_access access = fv_token_check(&tokens, &(fv_token_request){ shown, subject, role, local, now_ms }, NULL);
    fv_token_list_release(&tokens);
    return access;
}

FV_TEST(registry_tokens__none_is_open_to_this_machine_alone) {
    fv_registry *registry = open_here();
    assert_int_equal(check(registry, NULL, FV_MAY_ADMINISTER, NULL, true), FV_ACCESS_GIVEN);
    assert_int_equal(check(registry, NULL, FV_MAY_PREDICT, "models/cells", false), FV_ACCESS_UNKNOWN);
    fv_registry_free(registry);
}

FV_TEST(registry_tokens__the_first_closes_all_and_revoking_it_opens_nothing) {
    fv_registry *registry = open_here();
    secret admin = create(registry, "admin", FV_MAY_ADMINISTER, NULL, 0);
    assert_int_equal(check(registry, NULL, FV_MAY_PREDICT, NULL, true), FV_ACCESS_UNKNOWN);
    assert_int_equal(check(registry, "fovea_wrong", FV_MAY_PREDICT, NULL, true), FV_ACCESS_UNKNOWN);
    assert_int_equal(check(registry, "", FV_MAY_PREDICT, NULL, true), FV_ACCESS_UNKNOWN);
    assert_int_equal(check(registry, admin.at, FV_MAY_ADMINISTER, NULL, false), FV_ACCESS_GIVEN);
    FV_OK(fv_token_revoke(registry, "admin"));
    FV_OK(fv_token_revoke(registry, "admin"));
    assert_int_equal(check(registry, admin.at, FV_MAY_PREDICT, NULL, true), FV_ACCESS_OVER);
    assert_int_equal(check(registry, NULL, FV_MAY_PREDICT, NULL, true), FV_ACCESS_UNKNOWN);
    FV_FAILS(fv_token_revoke(registry, "nobody"), FV_NOT_FOUND, "there is no token nobody");
    fv_registry_free(registry);
}

FV_TEST(registry_tokens__roles_reach_as_far_as_their_order_says_but_readers_do_not_annotate) {
    fv_registry *registry = open_here();
    const char *const names[] = { "predict", "annotate", "read", "write", "admin" };
    for (int has = FV_MAY_PREDICT; has <= FV_MAY_ADMINISTER; has++) {
        secret token = create(registry, names[has], (fv_token_role)has, NULL, 0);
        for (int need = FV_MAY_PREDICT; need <= FV_MAY_ADMINISTER; need++)
            assert_int_equal(check(registry, token.at, (fv_token_role)need, "models/cells", false),
                             need <= has && !(has == FV_MAY_READ && need == FV_MAY_ANNOTATE) ? FV_ACCESS_GIVEN
                                                                                             : FV_ACCESS_FORBIDDEN);
    }
    fv_registry_free(registry);
}

FV_TEST(registry_tokens__scopes_reach_names_and_beginnings) {
    static const struct {
        const char *scope, *subject;
        fv_access access;
    } cases[] = {
        { "models/cells", "models/cells", FV_ACCESS_GIVEN },
        { "models/cells", "models/cells2", FV_ACCESS_FORBIDDEN },
        { "models/cells", "models/cell", FV_ACCESS_FORBIDDEN },
        { "models/cells", "experiments/cells", FV_ACCESS_FORBIDDEN },
        { "models/cells*", "models/cells2", FV_ACCESS_GIVEN },
        { "models/*", "models/any", FV_ACCESS_GIVEN },
        { "models/*", "experiments/any", FV_ACCESS_FORBIDDEN },
        { "experiments/cells/*", "experiments/cells/first", FV_ACCESS_GIVEN },
        { "experiments/cells/*", "experiments/cells", FV_ACCESS_FORBIDDEN },
        { "experiments/cells/*", NULL, FV_ACCESS_FORBIDDEN },
        { "*", NULL, FV_ACCESS_GIVEN },
        { "*", "models/cells", FV_ACCESS_GIVEN },
    };
    fv_registry *registry = open_here();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[8];
        snprintf(name, sizeof name, "%zu", i);
        secret token = create(registry, name, FV_MAY_READ, cases[i].scope, 0);
        assert_int_equal(check(registry, token.at, FV_MAY_READ, cases[i].subject, false), cases[i].access);
    }
    fv_registry_free(registry);
}

FV_TEST(registry_tokens__may_have_several_scopes) {
    static const char *const scopes[] = { "models/cells", "experiments/cells/*" };
    fv_registry *registry = open_here();
    secret token;
    FV_OK(fv_token_create(registry, &(fv_token_options){ "cells", FV_MAY_WRITE, scopes, 2, 0 }, token.at));
    assert_int_equal(check(registry, token.at, FV_MAY_WRITE, "models/cells", false), FV_ACCESS_GIVEN);
    assert_int_equal(check(registry, token.at, FV_MAY_WRITE, "experiments/cells/1", false), FV_ACCESS_GIVEN);
    assert_int_equal(check(registry, token.at, FV_MAY_READ, "models/other", false), FV_ACCESS_FORBIDDEN);
    fv_registry_free(registry);
}

FV_TEST(registry_tokens__end_when_they_expire) {
    fv_registry *registry = open_here();
    secret token = create(registry, "week", FV_MAY_READ, NULL, 7);
    now_ms += INT64_C(7) * 86400000 - 1;
    assert_int_equal(check(registry, token.at, FV_MAY_READ, NULL, false), FV_ACCESS_GIVEN);
    now_ms++;
    assert_int_equal(check(registry, token.at, FV_MAY_READ, NULL, false), FV_ACCESS_OVER);
    fv_registry_free(registry);
}

FV_TEST(registry_tokens__names_and_scopes_that_are_none_are_refused) {
    static const char *const wrong[] = { "", "models", "models/", "model/x", "runs/x", "models/*x", "**", "models/a\nb" };
    fv_registry *registry = open_here();
    secret token;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        FV_FAILS(fv_token_create(registry, &(fv_token_options){ "a", FV_MAY_READ, &wrong[i], 1, 0 }, token.at), FV_USAGE, NULL);
    FV_FAILS(fv_token_create(registry, &(fv_token_options){ .name = "" }, token.at), FV_USAGE, "name of a token");
    create(registry, "a", FV_MAY_READ, NULL, 0);
    FV_FAILS(fv_token_create(registry, &(fv_token_options){ .name = "a" }, token.at), FV_CONFLICT,
             "there is, or was, a token a");
    fv_registry_free(registry);
}

/* Nowhere in the workspace is the secret, and both are in the audit log. */
FV_TEST(registry_tokens__are_kept_as_hashes_and_audited) {
    fv_registry *registry = open_here();
    char path[600];
    uint8_t *bytes;
    int64_t length;
    fv_audit_rows rows;
    secret token = create(registry, "robot", FV_MAY_READ, "models/cells", 0);
    assert_int_equal(strlen(token.at), 49);
    assert_int_equal(strncmp(token.at, "fovea_", 6), 0);
    FV_OK(fv_token_revoke(registry, "robot"));
    FV_OK(fv_registry_read_log(registry, 0, 10, &rows));
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.at[0].action, "token.revoke");
    assert_string_equal(rows.at[1].action, "token.create");
    assert_string_equal(rows.at[1].subject, "tokens/robot");
    assert_string_equal(rows.at[1].details, "{\"role\":\"read\",\"scope\":\"models/cells\",\"days\":0}");
    fv_audit_rows_release(&rows);
    snprintf(path, sizeof path, "%s/fovea.db", fv_registry_folder(registry));
    fv_registry_free(registry);
    FV_OK(fv_file_read(path, 1 << 24, &bytes, &length));
    assert_null(memmem(bytes, (size_t)length, token.at + 6, strlen(token.at) - 6));
    fv_memory_free(bytes);
}
