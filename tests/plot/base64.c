/* Base64: the examples of RFC 4648, section 10, and bytes of every value. */
#include "plot/base64.h"

#include "tests/test.h"

static void expect(const char *bytes, int64_t count, const char *letters) {
    FV_TEXT(text, 64);
    fv_add_base64(&text, bytes, count);
    assert_string_equal(text.at, letters);
}

FV_TEST(plot_base64__writes_what_the_rfc_does) {
    expect("", 0, "");
    expect("f", 1, "Zg==");
    expect("fo", 2, "Zm8=");
    expect("foo", 3, "Zm9v");
    expect("foob", 4, "Zm9vYg==");
    expect("fooba", 5, "Zm9vYmE=");
    expect("foobar", 6, "Zm9vYmFy");
    expect("\xFF\xEF\x00\xFB", 4, "/+8A+w==");
}
