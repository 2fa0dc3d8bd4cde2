/* Aliases: moved by decisions, each written down; the way back; two that decide at once. */
#include "fovea/versions.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fovea/care.h"
#include "tests/test.h"

/* A registry with model cells and `count` versions. */
static fv_registry *open_with(int count) {
    fv_registry *registry;
    FV_OK(fv_registry_open(fv_test_folder(), &(fv_registry_options){ .actor = "ada" }, &registry));
    for (int i = 1; i <= count; i++) {
        char digest[FV_DIGEST_LETTERS], content[16];
        fv_version_added added;
        snprintf(content, sizeof content, "v%d", i);
        FV_OK(fv_object_put(registry, content, (int64_t)strlen(content), digest));
        FV_OK(fv_version_add(registry, &(fv_version_options){ .model = "cells", .digest = digest }, &added));
    }
    return registry;
}

static fv_error *decide(fv_registry *registry, fv_alias_verb verb, int64_t version, int64_t incumbent, bool taken) {
    fv_alias_decision decision = { "cells", "champion", version, incumbent, verb, taken, "[{\"name\":\"not_worse\"}]" };
    return fv_alias_decide(registry, &decision);
}

static int64_t champion(fv_registry *registry) {
    int64_t number;
    FV_OK(fv_alias_get(registry, "cells", "champion", &number));
    return number;
}

static int64_t roll_back(fv_registry *registry) {
    int64_t number;
    FV_OK(fv_alias_roll_back(registry, "cells", "champion", NULL, &number));
    assert_int_equal(number, champion(registry));
    return number;
}

FV_TEST(registry_aliases__move_when_a_decision_is_taken_and_stay_when_it_is_refused) {
    fv_registry *registry = open_with(3);
    fv_promotion_list list;
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 1, 0, true));
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 2, 1, false));
    assert_int_equal(champion(registry), 1);
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 3, 1, true));
    assert_int_equal(champion(registry), 3);

    FV_OK(fv_promotions_list(registry, "cells", NULL, 0, &list));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.at[0].version, 3);
    assert_int_equal(list.at[0].previous, 1);
    assert_false(list.at[1].taken);
    assert_string_equal(list.at[1].reasons, "[{\"name\":\"not_worse\"}]");
    assert_string_equal(list.at[1].actor, "ada");
    assert_int_equal(list.at[2].verb, FV_ALIAS_PROMOTE);
    fv_promotion_list_release(&list);
    FV_OK(fv_promotions_list(registry, "cells", "other", 0, &list));
    assert_int_equal(list.count, 0);
    fv_promotion_list_release(&list);
    fv_registry_free(registry);
}

FV_TEST(registry_aliases__that_were_moved_meanwhile_are_left_alone) {
    fv_registry *registry = open_with(3);
    fv_promotion_list list;
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 1, 0, true));
    FV_FAILS(decide(registry, FV_ALIAS_PROMOTE, 2, 0, true), FV_CONFLICT, "cells@champion has been moved to version 1");
    FV_OK(decide(registry, FV_ALIAS_REMOVE, 0, 1, true));
    FV_FAILS(decide(registry, FV_ALIAS_PROMOTE, 2, 1, true), FV_CONFLICT, "cells@champion has been removed");
    FV_FAILS(decide(registry, FV_ALIAS_PROMOTE, 9, 0, true), FV_NOT_FOUND, "model cells has no version 9");
    FV_OK(fv_promotions_list(registry, "cells", "champion", 0, &list));
    assert_int_equal(list.count, 2);
    fv_promotion_list_release(&list);
    fv_registry_free(registry);
}

FV_TEST(registry_aliases__roll_back_step_by_step_along_what_was_taken) {
    fv_registry *registry = open_with(4);
    int64_t number;
    FV_FAILS(fv_alias_roll_back(registry, "cells", "champion", NULL, &number), FV_NOT_FOUND, "no earlier version");
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 1, 0, true));
    FV_FAILS(fv_alias_roll_back(registry, "cells", "champion", NULL, &number), FV_NOT_FOUND, "no earlier version");
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 2, 1, true));
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 4, 2, false)); /* refused: no step of the way */
    FV_OK(decide(registry, FV_ALIAS_SET, 3, 2, true));
    assert_int_equal(roll_back(registry), 2);
    assert_int_equal(roll_back(registry), 1);
    FV_FAILS(fv_alias_roll_back(registry, "cells", "champion", NULL, &number), FV_NOT_FOUND, "no earlier version");
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 4, 1, true));
    assert_int_equal(roll_back(registry), 1);
    fv_registry_free(registry);
}

FV_TEST(registry_aliases__roll_back_past_deleted_versions_and_removals) {
    fv_registry *registry = open_with(3);
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 1, 0, true));
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 2, 1, true));
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 3, 2, true));
    FV_OK(fv_version_delete(registry, "cells", 2));
    FV_OK(decide(registry, FV_ALIAS_REMOVE, 0, 3, true));
    assert_int_equal(roll_back(registry), 3);
    assert_int_equal(roll_back(registry), 1);
    fv_registry_free(registry);
}

FV_TEST(registry_aliases__a_rollback_says_why) {
    fv_registry *registry = open_with(2);
    fv_promotion_list list;
    int64_t number;
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 1, 0, true));
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 2, 1, true));
    FV_OK(fv_alias_roll_back(registry, "cells", "champion", "a \"strange\" smear", &number));
    FV_OK(fv_promotions_list(registry, "cells", "champion", 1, &list));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.at[0].verb, FV_ALIAS_ROLLBACK);
    assert_non_null(strstr(list.at[0].reasons, "\"text\":\"back from version 2 to version 1: a \\\"strange\\\" smear\""));
    fv_promotion_list_release(&list);
    fv_registry_free(registry);
}

/* Of processes that all saw the same incumbent one promotes, and the others are told. */
FV_TEST(registry_aliases__of_processes_that_promote_at_once_one_does) {
    enum { PROCESSES = 6 };
    fv_registry *registry = open_with(PROCESSES);
    char folder[600];
    snprintf(folder, sizeof folder, "%s", fv_registry_folder(registry));
    fv_registry_free(registry);
    pid_t child[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        child[i] = fork();
        if (child[i]) continue;
        fv_registry *mine;
        fv_error *error = fv_registry_open(folder, NULL, &mine);
        if (error) _exit(3);
        error = decide(mine, FV_ALIAS_PROMOTE, i + 1, 0, true);
        _exit(!error ? 0 : fv_error_code(error) == FV_CONFLICT ? 1 : 2);
    }
    int promoted = 0, told = 0;
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status));
        promoted += WEXITSTATUS(status) == 0;
        told += WEXITSTATUS(status) == 1;
    }
    assert_int_equal(promoted, 1);
    assert_int_equal(told, PROCESSES - 1);
}

FV_TEST(registry_aliases__every_decision_is_in_the_audit_log_with_its_reasons) {
    fv_registry *registry = open_with(2);
    fv_audit_rows log;
    fv_audit_verdict verdict;
    int64_t number;
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 1, 0, true));
    FV_OK(decide(registry, FV_ALIAS_PROMOTE, 2, 1, false));
    FV_OK(decide(registry, FV_ALIAS_SET, 2, 1, true));
    FV_OK(fv_alias_roll_back(registry, "cells", "champion", NULL, &number));
    FV_OK(fv_registry_read_log(registry, 0, 4, &log));
    assert_int_equal(log.count, 4);
    assert_string_equal(log.at[0].action, "alias.rollback");
    assert_string_equal(log.at[2].action, "alias.promote");
    assert_string_equal(log.at[2].subject, "models/cells@champion");
    assert_string_equal(log.at[2].actor, "ada");
    assert_string_equal(log.at[2].details,
                        "{\"version\":2,\"previous\":1,\"taken\":false,\"reasons\":[{\"name\":\"not_worse\"}]}");
    fv_audit_rows_release(&log);
    FV_OK(fv_registry_verify(registry, &verdict));
    assert_int_equal(verdict.bad, 0);
    fv_alias_decision bad = { "cells", "champion", 2, 1, FV_ALIAS_SET, true, "because" };
    FV_FAILS(fv_alias_decide(registry, &bad), FV_USAGE, "are a JSON array");
    fv_registry_free(registry);
}
