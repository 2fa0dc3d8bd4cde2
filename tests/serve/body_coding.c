#include "serve/body_coding.h"

#include <zlib.h>

#include "tests/test.h"

static const char text[] = "as long as it is broad, as long as it is broad, as long as it is broad";

FV_TEST(serve_body_coding__gives_back_what_was_packed) {
    fv_body packed = { 0 }, out = { 0 };
    FV_OK(fv_pack(text, sizeof text, &packed));
    assert_true(packed.length < (int64_t)sizeof text);
    FV_OK(fv_unpack(FV_CODING_GZIP, packed.at, packed.length, sizeof text, &out));
    assert_int_equal(out.length, sizeof text);
    assert_memory_equal(out.at, text, sizeof text);
    fv_body_release(&packed);
    fv_body_release(&out);
}

FV_TEST(serve_body_coding__stops_at_the_cap_and_at_what_is_wrong) {
    fv_body packed = { 0 }, out = { 0 };
    FV_OK(fv_pack(text, sizeof text, &packed));
    FV_FAILS(fv_unpack(FV_CODING_GZIP, packed.at, packed.length, sizeof text - 1, &out), FV_MEMORY, "unpacks to more");
    fv_body_release(&out);
    FV_FAILS(fv_unpack(FV_CODING_GZIP, packed.at, packed.length - 1, 1 << 20, &out), FV_USAGE, "cut");
    fv_body_release(&out);
    FV_FAILS(fv_unpack(FV_CODING_GZIP, text, sizeof text, 1 << 20, &out), FV_USAGE, "not packed");
    fv_body_release(&out);
    FV_OK(fv_body_add(&packed, "x", 1));
    FV_FAILS(fv_unpack(FV_CODING_GZIP, packed.at, packed.length, 1 << 20, &out), FV_USAGE, "behind");
    fv_body_release(&out);
    fv_body_release(&packed);
}

FV_TEST(serve_body_coding__takes_deflate_with_its_frame) {
    unsigned char packed[200];
    uLongf length = sizeof packed;
    fv_body out = { 0 };
    assert_int_equal(compress(packed, &length, (const unsigned char *)text, sizeof text), Z_OK);
    FV_OK(fv_unpack(FV_CODING_DEFLATE, packed, (int64_t)length, sizeof text, &out));
    assert_memory_equal(out.at, text, sizeof text);
    fv_body_release(&out);
}

FV_TEST(serve_body_coding__weighs_what_a_client_takes) {
    static const char *const yes[] = { "gzip", "deflate, gzip;q=0.5", "*", "br;q=1.0, *;q=0.1", "GZIP" };
    static const char *const no[] = { NULL, "", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "gzipped" };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (fv_coding_accepted(yes[i]) != FV_CODING_GZIP) fail_msg("\"%s\" is not seen to take gzip", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (fv_coding_accepted(no[i]) != FV_CODING_NONE) fail_msg("\"%s\" is taken for one that takes gzip", no[i]);
    assert_int_equal(fv_coding_of("gzip"), FV_CODING_GZIP);
    assert_int_equal(fv_coding_of("identity"), FV_CODING_NONE);
    assert_int_equal(fv_coding_of("gzip, gzip"), FV_CODING_OTHER);
}

FV_TEST(serve_body_coding__packs_a_stream_whose_bits_do_not_wait_for_each_other) {
    fv_packer *packer;
    fv_body packed = { 0 }, out = { 0 };
    unsigned char first[sizeof text];
    char piece[7]; /* smaller than what a bit becomes */
    FV_OK(fv_packer_new(&packer));
    for (int i = 0; i < 3; i++) {
        memcpy(packer->bytes, text, sizeof text);
        fv_packer_give(packer, i < 2 ? (int64_t)sizeof text : -1);
        for (int64_t made; (made = fv_packer_take(packer, piece, sizeof piece));) FV_OK(fv_body_add(&packed, piece, made));
        if (i) continue;
        z_stream stream = { .next_in = packed.at, .avail_in = (unsigned)packed.length, .next_out = first };
        stream.avail_out = sizeof first;
        assert_int_equal(inflateInit2(&stream, 31), Z_OK);
        assert_int_equal(inflate(&stream, Z_SYNC_FLUSH), Z_OK);
        assert_int_equal(stream.avail_out, 0);
        inflateEnd(&stream);
    }
    assert_true(packer->ended);
    FV_OK(fv_unpack(FV_CODING_GZIP, packed.at, packed.length, 2 * sizeof text, &out));
    assert_int_equal(out.length, 2 * sizeof text);
    assert_memory_equal(out.at + sizeof text, text, sizeof text);
    fv_packer_free(packer);
    fv_body_release(&packed);
    fv_body_release(&out);
}
