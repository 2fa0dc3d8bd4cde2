/* Answers of a reader as nobody's reader writes them: every field wrong in turn, and what is said of it. */
#include "core/formats/answer.h"

#include "core/formats/model_file.h"
#include "core/formats/model_trailer.h"
#include "tests/test.h"

#define FILE_BYTES 1000

/* Where fields lie in an answer of one piece. */
enum {
    STATE = 8,
    LENGTH = 16,
    CODE = 28,
    PIECE = 32,
    KIND = PIECE + 8,
    DTYPE = PIECE + 16,
    RANK = PIECE + 20,
    DIMS = PIECE + 24,
    OFFSET = DIMS + 8 * FV_RANK_MAX,
    BYTES = OFFSET + 8,
    NAME = BYTES + 8
};

static const fv_piece tensor = { .kind = FV_PIECE_PARAMETER,
                                 .name = "w",
                                 .type = { .dtype = FV_F32, .rank = 1, .dims = { 25 } },
                                 .offset = 900,
                                 .length = 100 };

static void write_answer(const fv_piece *pieces, int count, fv_text *out) {
    fv_answer_begin(out);
    for (int i = 0; i < count; i++) fv_answer_add(out, &pieces[i]);
    fv_answer_finish(out, FV_MODEL_VERSION, 0);
    FV_OK(fv_text_error(out));
}

static fv_error *read_all(const void *bytes, int64_t length) {
    fv_answer answer;
    fv_piece piece;
    FV_TRY(fv_answer_open(&answer, bytes, length, FILE_BYTES));
    for (bool more = true; more;) FV_TRY(fv_answer_next(&answer, &piece, &more));
    return NULL;
}

/* An answer about one tensor in which `bytes` bytes at `at` hold another value. */
static fv_error *read_changed(int at, int bytes, int64_t value) {
    FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
    write_answer(&tensor, 1, &answer);
    memcpy(answer.at + at, &value, (size_t)bytes);
    return read_all(answer.at, answer.length);
}

FV_TEST(core_formats_answer__believes_no_field_of_a_piece) {
    FV_OK(read_changed(STATE, 4, 1));
    FV_FAILS(read_changed(0, 1, 'x'), FV_FORMAT, "it is none, or of another version");
    FV_FAILS(read_changed(STATE, 4, 7), FV_FORMAT, "it does not say how the reading ended");
    FV_FAILS(read_changed(LENGTH, 8, 8), FV_FORMAT, "its length cannot be");
    FV_FAILS(read_changed(LENGTH, 8, 1 << 20), FV_FORMAT, "its length cannot be");
    FV_FAILS(read_changed(LENGTH, 8, PIECE), FV_FORMAT, "it is cut short");
    FV_FAILS(read_changed(PIECE, 8, 8), FV_FORMAT, "a piece's length cannot be");
    FV_FAILS(read_changed(PIECE, 8, 1 << 20), FV_FORMAT, "a piece's length cannot be");
    FV_FAILS(read_changed(PIECE, 8, NAME - PIECE + 4), FV_FORMAT, "a piece's length cannot be");
    FV_FAILS(read_changed(PIECE, 8, NAME - PIECE), FV_FORMAT, "a name is no plain text");
    FV_FAILS(read_changed(KIND, 4, -1), FV_FORMAT, "a piece is of no kind");
    FV_FAILS(read_changed(KIND, 4, FV_PIECE_KINDS), FV_FORMAT, "a piece is of no kind");
    FV_FAILS(read_changed(DTYPE, 4, -1), FV_FORMAT, "a tensor's type cannot be");
    FV_FAILS(read_changed(DTYPE, 4, FV_DTYPES), FV_FORMAT, "a tensor's type cannot be");
    FV_FAILS(read_changed(RANK, 4, -1), FV_FORMAT, "a tensor's type cannot be");
    FV_FAILS(read_changed(RANK, 4, FV_RANK_MAX + 1), FV_FORMAT, "a tensor's type cannot be");
    FV_FAILS(read_changed(DIMS, 8, -1), FV_FORMAT, "a tensor's type cannot be");
    FV_FAILS(read_changed(DIMS, 8, 24), FV_FORMAT, "a tensor's type does not fit its length");
    FV_FAILS(read_changed(OFFSET, 8, -1), FV_FORMAT, "a piece is not in the file");
    FV_FAILS(read_changed(OFFSET, 8, 901), FV_FORMAT, "a piece is not in the file");
    FV_FAILS(read_changed(OFFSET, 8, INT64_MAX), FV_FORMAT, "a piece is not in the file");
    FV_FAILS(read_changed(BYTES, 8, -1), FV_FORMAT, "a piece is not in the file");
    FV_FAILS(read_changed(NAME, 1, 0), FV_FORMAT, "a name is no plain text");
    FV_FAILS(read_changed(NAME, 1, 0x1B), FV_FORMAT, "a name is no plain text");
    FV_FAILS(read_changed(NAME, 1, 0x7F), FV_FORMAT, "a name is no plain text");
    FV_FAILS(read_changed(NAME + 7, 1, 'x'), FV_FORMAT, "a name is no plain text");
}

FV_TEST(core_formats_answer__believes_no_length) {
    FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
    int64_t length;
    write_answer(&tensor, 1, &answer);
    FV_FAILS(fv_answer_length(answer.at, PIECE - 1, &length), FV_FORMAT, "shorter than its head");
    for (int64_t cut = 0; cut < answer.length; cut++) {
        if (cut >= PIECE) memcpy(answer.at + LENGTH, &cut, 8);
        fv_error *error = read_all(answer.at, cut);
        if (cut != PIECE) /* an answer of no pieces */
            FV_FAILS(error, FV_FORMAT, "the answer about it is damaged");
        else
            FV_OK(error);
    }
}

FV_TEST(core_formats_answer__refuses_names_longer_than_any_and_padded_by_more_than_needed) {
    FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
    char name[5000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    fv_piece piece = tensor;
    piece.name = name;
    write_answer(&piece, 1, &answer);
    FV_FAILS(read_all(answer.at, answer.length), FV_FORMAT, "a name is no plain text");
    name[4096] = 0;
    write_answer(&piece, 1, &answer);
    FV_OK(read_all(answer.at, answer.length));
    memset(answer.at + NAME + 8, 0, 4096 - 8); /* then a name of 8 letters with thousands of NULs behind it */
    FV_FAILS(read_all(answer.at, answer.length), FV_FORMAT, "a name is no plain text");
}

FV_TEST(core_formats_answer__tensors_together_are_no_larger_than_the_file) {
    FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
    fv_piece large = tensor;
    large.type.dims[0] = 200, large.offset = 0, large.length = 800;
    write_answer((const fv_piece[]){ large, large }, 2, &answer);
    FV_FAILS(read_all(answer.at, answer.length), FV_FORMAT, "its tensors overlap");
}

FV_TEST(core_formats_answer__a_refusal_is_the_error_that_it_says) {
    FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
    FV_OWNED(fv_error) why = fv_fail(FV_UNSUPPORTED, "no\x1b[31m words");
    fv_answer_refuse(&answer, why, FV_GUARD_MEMORY);
    assert_int_equal(fv_answer_guards(answer.at), FV_GUARD_MEMORY);
    FV_FAILS(read_all(answer.at, answer.length), FV_UNSUPPORTED, "no\xEF\xBF\xBD[31m words");
    const int32_t codes[] = { 0, FV_BUG + 1 };
    for (int i = 0; i < 2; i++) {
        memcpy(answer.at + CODE, &codes[i], 4);
        FV_FAILS(read_all(answer.at, answer.length), FV_FORMAT, "its refusal has no words");
    }
    fv_answer_refuse(&answer, why, 0);
    answer.at[PIECE] = 7;
    FV_FAILS(read_all(answer.at, answer.length), FV_FORMAT, "its refusal has no words");
}

FV_TEST(core_formats_answer__an_answer_without_room_is_an_error) {
    FV_TEXT(answer, 16);
    fv_answer_begin(&answer);
    fv_answer_finish(&answer, 1, 0);
    FV_FAILS(fv_text_error(&answer), FV_MEMORY, "beyond its cap of 16");
}

/* A model from an answer about an image of a graph and a section. */
static fv_error *try_pieces(const fv_piece *pieces, int count) {
    static const char image[FILE_BYTES] = "%w = state() dtype=f32 shape=25\n";
    FV_TEXT(answer, FV_ANSWER_BYTES_MAX);
    fv_model *model = NULL;
    write_answer(pieces, count, &answer);
    fv_error *error = fv_model_from_answer(answer.at, answer.length, (const uint8_t *)image, FILE_BYTES, "m", &model);
    fv_model_free(model);
    return error;
}

FV_TEST(core_formats_answer__a_model_has_one_graph_first_and_nothing_twice) {
    const fv_piece graph = { .kind = FV_PIECE_GRAPH, .name = "graph" }; /* of no nodes */
    const fv_piece section = { .kind = FV_PIECE_SECTION, .name = "classes", .version = 1, .offset = 100, .length = 8 };
    fv_piece odd = tensor;
    odd.name = "w%2";
    FV_OK(try_pieces((const fv_piece[]){ graph, section, tensor }, 3));
    FV_FAILS(try_pieces(&graph, 0), FV_FORMAT, "it has no graph");
    FV_FAILS(try_pieces((const fv_piece[]){ section, graph }, 2), FV_FORMAT, "its graph is not its first piece");
    FV_FAILS(try_pieces((const fv_piece[]){ graph, graph }, 2), FV_FORMAT, "it has two graphs");
    FV_FAILS(try_pieces((const fv_piece[]){ graph, section, section }, 3), FV_FORMAT, "two sections called classes");
    FV_FAILS(try_pieces((const fv_piece[]){ graph, tensor, tensor }, 3), FV_FORMAT, "two tensors called w");
    FV_FAILS(try_pieces((const fv_piece[]){ graph, odd }, 2), FV_FORMAT, "\"w%2\" is not the name of a tensor");
}

FV_TEST(core_formats_answer__names_of_tensors_are_links_and_back) {
    static const char *const names[] = { ".", "..", "a.b", "a/b/c", "100%", "%2F", "\xC3\xBC" };
    for (int i = 0; i < 7; i++) {
        FV_TEXT(link, 64);
        FV_TEXT(back, 64);
        fv_tensor_name_encode(names[i], &link);
        assert_null(strchr(link.at, '/'));
        assert_string_not_equal(link.at, ".");
        FV_OK(fv_tensor_name_decode(link.at, &back));
        assert_string_equal(back.at, names[i]);
    }
    static const char *const wrong[] = { "%", "%2", "%G0", "%2g", "%00", "%2f", "a%:0" };
    for (int i = 0; i < 7; i++) {
        FV_TEXT(back, 64);
        FV_FAILS(fv_tensor_name_decode(wrong[i], &back), FV_FORMAT, "is not the name of a tensor");
    }
}
