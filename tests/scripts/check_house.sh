#!/bin/sh
# scripts/check-house notices each broken rule in a small tree, and says nothing more than that.
set -eu
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/scripts" "$tree/core/base" "$tree/core/ops" "$tree/lib"
cp "$SOURCE/CMakeLists.txt" "$tree"
cp "$SOURCE/scripts/check-house" "$SOURCE/scripts/check-house.awk" "$tree/scripts"
cd "$tree"

fail() { echo "check_house: $1" >&2; cat log >&2; exit 1; }
# refuses FILE LINE RULE: with the text of standard input in FILE, the rule is broken on that line and nowhere else.
refuses() {
    cat > "$1"
    ! scripts/check-house > log 2>&1 || fail "$1 passes, but breaks $3"
    grep -q "^$1:$2: $3: " log || fail "$1:$2 breaks $3, which was not said"
    grep -q ' 1 complaints$' log || fail "$1: more was said than $3"
    rm "$1"
}

printf 'int fv_x(void) { return 0; } /* strcpy(a) and exit(1) in words, "malloc(1)" too */\n' > core/ops/fine.c
scripts/check-house > log 2>&1 || fail "a clean tree is refused"

echo '#include "core/ops/x.h"' | refuses core/base/up.c 1 include
echo '#include "../base/x.h"' | refuses core/ops/dots.c 1 include
echo 'fv_nothing x;' | refuses core/ops/header.h 1 alone
echo 'void fv_y(char *a) { strcpy(a, "x"); }' | refuses core/ops/y.c 1 banned
echo 'void fv_y(void) { exit(1); }' | refuses core/ops/y.c 1 banned
echo 'void *fv_y(void) { return malloc(1); }' | refuses core/ops/y.c 1 malloc
printf '/* a\n b */ void fv_y(void) { printf("x"); }\n' | refuses core/ops/y.c 2 output
echo 'void fv_y(void) { x: goto x; }' | refuses core/ops/y.c 1 goto
printf '/* TO%s: more */\n' DO | refuses core/ops/y.c 1 todo
{ printf '\nint fv_y(int a,\n         int b) {\n'; seq -f '    a += %g;' 58; echo '}'; } | refuses core/ops/y.c 2 function
{ seq -f '/* %g */' 801; } | refuses core/ops/y.c 1 file
printf '/* %0140d */\n' 0 | refuses core/ops/y.c 1 line
echo '/* x */' | refuses core/ops/utils.c 1 name

# Waivers: counted, with a reason, and not kept when there is nothing to let off.
echo 'void *fv_y(void) { return malloc(1); } /* house: allow malloc - a test */' > core/ops/y.c
scripts/check-house > log 2>&1 && grep -q ', 1 waivers,' log || fail "a waiver does not work"
echo 'void *fv_y(void) { return malloc(1); } /* house: allow malloc */' > core/ops/y.c
! scripts/check-house > log 2>&1 || fail "a waiver without a reason works"
echo 'int fv_y; /* house: allow malloc - a test */' | refuses core/ops/y.c 1 waiver

# 60 lines are a function that is long enough, and an array of 100 is no function.
{ echo 'int fv_y(int a) {'
  seq -f '    a += %g;' 58
  printf '}\nint fv_z[] = {\n'
  seq -f '    %g,' 100
  echo '};'; } > core/ops/y.c
scripts/check-house > log 2>&1 || fail "a function of 60 lines is refused"
