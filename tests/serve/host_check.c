#include "serve/host_check.h"

#include "tests/test.h"

static const char *const hosts[] = { "models.example" }, *const origins[] = { "https://lab.example" };
static const fv_host_rules rules = { .hosts = hosts, .host_count = 1, .origins = origins, .origin_count = 1 };

FV_TEST(serve_host_check__lets_addresses_localhost_and_listed_names_be_the_host) {
    static const char *const right[] = { "127.0.0.1",      "127.0.0.1:8080", "[::1]:8080",
                                         "[::1]",          "localhost",      "LOCALHOST:1",
                                         "192.168.1.7:80", "models.example", "Models.Example:443" };
    static const char *const wrong[] = { "evil.example",
                                         "evil.example:8080",
                                         "",
                                         ":80",
                                         "localhost:",
                                         "localhost:x",
                                         "[::1",
                                         "localhost.evil.example",
                                         "127.0.0.1.evil.example",
                                         "localhost:123456",
                                         "[::1]x" };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        if (!fv_host_allowed(&rules, right[i])) fail_msg("%s is refused", right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (fv_host_allowed(&rules, wrong[i])) fail_msg("\"%s\" is allowed", wrong[i]);
    assert_true(fv_host_allowed(&rules, NULL));
    assert_true(fv_host_allowed(&(fv_host_rules){ .any_name = true }, "any.example"));
}

FV_TEST(serve_host_check__lets_own_pages_and_listed_ones_ask) {
    bool listed;
    assert_true(fv_origin_allowed(&rules, "localhost:80", NULL, &listed) && !listed);
    assert_true(fv_origin_allowed(&rules, "localhost:80", "http://localhost:80", &listed) && !listed);
    assert_true(fv_origin_allowed(&rules, "localhost:80", "https://lab.example", &listed) && listed);
    assert_false(fv_origin_allowed(&rules, "localhost:80", "http://localhost:81", &listed));
    assert_false(fv_origin_allowed(&rules, "localhost:80", "http://evil.example", &listed));
    assert_false(fv_origin_allowed(&rules, "localhost:80", "null", &listed));
    assert_false(fv_origin_allowed(&rules, NULL, "http://", &listed));
}

FV_TEST(serve_host_check__knows_what_this_machine_itself_is) {
    assert_true(fv_host_is_loopback("127.0.0.1") && fv_host_is_loopback("127.9.9.9") && fv_host_is_loopback("::1"));
    assert_true(fv_host_is_loopback("localhost"));
    assert_false(fv_host_is_loopback("0.0.0.0") || fv_host_is_loopback("::") || fv_host_is_loopback("10.0.0.1"));
    assert_false(fv_host_is_loopback("localhost.example"));
}
