#!/bin/sh
# scripts/make-test-table: finds tests by their line, gives each to ctest, refuses two of one name.
set -eu
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
fail() { echo "make_test_table: $1" >&2; exit 1; }
make() { ls ./*.c > list; sh "$SOURCE/scripts/make-test-table" list /bin/run table tests.cmake "$@" 2> log; }

printf 'FV_TEST(b__says_so) {\n}\n  FV_TEST(indented__is_none) {\n' > b.c
printf '/* no test */\n' > none.c
printf 'FV_TEST(a__one) { }\nFV_TEST(a__two) { }\n' > a.c
make || fail "refused good files"
[ "$(grep -o '{ "[a-z_]*"' table | tr -d '\n')" = '{ "a__one"{ "a__two"{ "b__says_so"' ] || fail "the table is wrong"
[ "$(cat tests.cmake)" = 'add_test(a__one "/bin/run" a__one)
add_test(a__two "/bin/run" a__two)
add_test(b__says_so "/bin/run" b__says_so)' ] || fail "ctest's list is wrong"

printf '/* Not under ThreadSanitizer: it has none. */\nFV_TEST(c__one) { }\nFV_TEST(c__two) { }\n' > c.c
make address,undefined || fail "refused a test that is left out elsewhere"
! grep -q DISABLED tests.cmake || fail "left out a test where it belongs"
make thread || fail "refused a test that is left out"
[ "$(grep DISABLED tests.cmake)" = 'set_tests_properties(c__one PROPERTIES DISABLED TRUE)' ] || fail "leaves out others"
rm c.c

printf 'FV_TEST(a__two) { }\n' > b.c
! make || fail "took two tests of one name"
grep -q 'b.c:1: test a__two is also in ./a.c:2' log || fail "does not name both places"
