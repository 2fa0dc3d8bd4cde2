#!/bin/sh
# fovea-tests itself: silent when all is well, and what it says when a test fails, crashes or leaves an error.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "runner: $1" >&2; exit 1; }

cat > cases.c <<'END'
#include "tests/test.h"
#include <stdlib.h>
#include <unistd.h>
FV_TEST(runner__passes) { assert_int_equal(access(fv_test_folder(), W_OK), 0); }
FV_TEST(runner__fails) { assert_int_equal(1, 2); }
FV_TEST(runner__aborts) { abort(); }
FV_TEST(runner__leaves_an_error) { assert_non_null(fv_fail(FV_IO, "left")); }
FV_TEST(runner__ok_says_the_message) { FV_OK(fv_fail(FV_IO, "the disk is on fire")); }
FV_TEST(runner__fails_accepts) { FV_FAILS(fv_fail(FV_IO, "the disk is on fire"), FV_IO, "on fire"); }
FV_TEST(runner__fails_wants_the_code) { FV_FAILS(fv_fail(FV_IO, "fire"), FV_USAGE, "fire"); }
FV_TEST(runner__fails_wants_an_error) { FV_FAILS(NULL, FV_USAGE, NULL); }
END
echo cases.c > list
sh "$SOURCE/scripts/make-test-table" list x table.c tests.cmake
sanitize=${FOVEA_SANITIZE:+-fsanitize=$FOVEA_SANITIZE}
$CC $sanitize -D_GNU_SOURCE -I"$SOURCE" -I"$SOURCE/include" cases.c table.c "$SOURCE/tests/runner.c" -o run \
    "$BUILD/lib/libfovea.a" $(grep '^Libs.private:' "$BUILD/fovea.pc" | cut -d: -f2-) -lcmocka
export TMPDIR=$work/tmp
mkdir "$TMPDIR"

[ "$(./run --list | wc -l)" -eq 8 ] || fail "--list does not list the tests"
[ -z "$(./run runner__passes runner__fails_accepts 2>&1)" ] || fail "says something about tests that pass"
says() { ! ./run "$1" > out 2>&1 || fail "$1 passes"; grep -q "$2" out || { cat out; fail "$1 does not say: $2"; }; }
says runner__fails "0x1 != 0x2"
says runner__fails "again: ./run runner__fails$"
says runner__aborts "signal 6"
says runner__leaves_an_error "1 error(s) left"
says runner__ok_says_the_message "the disk is on fire"
says runner__fails_wants_the_code "gave io"
says runner__fails_wants_an_error "gave no error"
says runner__is_not_there "no test is called"
[ -z "$(ls -A "$TMPDIR")" ] || fail "folders of tests are left behind"
