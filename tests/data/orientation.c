/* The orientation in EXIF blocks as cameras and tools write them, and in broken ones. How pictures turn: tests/data/decode.c.
 */
#include "tests/data/pictures.h"

/* Header, one folder at offset 8 with one entry: tag, type, count 1, value; big endian. */
#define BLOCK(tag_low, type, value_1, value_2, value_3, value_4)                                                               \
    (const uint8_t[]){ 'M',  'M', 0, 42, 0, 0,       0,       8,       0,       1, 1, tag_low, 0,                              \
                       type, 0,   0, 0,  1, value_1, value_2, value_3, value_4, 0, 0, 0,       0 },                            \
        26

FV_TEST(data_orientation__reads_both_byte_orders_and_types) {
    assert_int_equal(fv_exif_orientation(BLOCK(0x12, 3, 0, 6, 0, 0)), 6);
    assert_int_equal(fv_exif_orientation(BLOCK(0x12, 4, 0, 0, 0, 8)), 8); /* as some tools write it */
    const uint8_t little[] = { 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0 };
    assert_int_equal(fv_exif_orientation(little, sizeof little), 3);
    uint8_t prefixed[6 + sizeof little] = "Exif\0";
    memcpy(prefixed + 6, little, sizeof little);
    assert_int_equal(fv_exif_orientation(prefixed, sizeof prefixed), 3);
}

FV_TEST(data_orientation__takes_nonsense_for_upright) {
    assert_int_equal(fv_exif_orientation(BLOCK(0x12, 3, 0, 0, 0, 0)), 1);
    assert_int_equal(fv_exif_orientation(BLOCK(0x12, 3, 0, 9, 0, 0)), 1);
    assert_int_equal(fv_exif_orientation(BLOCK(0x12, 5, 0, 6, 0, 0)), 1); /* a fraction */
    assert_int_equal(fv_exif_orientation(BLOCK(0x13, 3, 0, 6, 0, 0)), 1); /* another tag */
    const uint8_t far[] = { 'M', 'M', 0, 42, 0xFF, 0xFF, 0xFF, 0xFF };
    assert_int_equal(fv_exif_orientation(far, sizeof far), 1);
    const uint8_t many[] = { 'I', 'I', 42, 0, 8, 0, 0, 0, 0xFF, 0xFF, 1, 1, 3, 0 };
    for (int64_t length = 0; length <= (int64_t)sizeof many; length++) assert_int_equal(fv_exif_orientation(many, length), 1);
}
