#!/bin/sh
# scripts/make-tables on small trees: what it takes, what it refuses and whether it names the file.
set -eu
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"

fail() { echo "make_tables: $1" >&2; cat log >&2; exit 1; }
# file PATH LINE…: writes a source file.
file() { path=$1; shift; mkdir -p "$(dirname "$path")"; printf '%s\n' "$@" > "$path"; }
make() {
    find core -name '*.c' | sort > list
    sh "$SOURCE/scripts/make-tables" op core/graph/op.h list op_table.c core/ops > log 2>&1
}
accepts() { make || fail "refused $1"; }
refuses() { ! make || fail "took $1"; grep -q "^$2" log || fail "$1: the message does not start with $2"; rm -r core; }

# Two descriptors of one file and one of another; sorted; a struct over several lines; code before and after #if.
file core/ops/relu.c '/* relu */' '#if 1' '#endif' 'const fv_op fv_op_relu_grad = { .name = "relu_grad" };' \
    'const fv_op fv_op_relu = {' '    .version = 1,' '    .name = "relu",' '};'
file core/ops/add.c '/* add */' 'static const char *cases[] = { "x" };' \
    'const fv_op fv_op_add = { .name = "add", .cases = cases };'
file core/graph/other.c '/* not a folder of parts */' 'int fv_other;'
accepts "a good tree"
entries=$(grep -o '&fv_op_[a-z_]*' op_table.c | tr '\n' ' ')
[ "$entries" = "&fv_op_add &fv_op_relu &fv_op_relu_grad " ] || fail "the table is not sorted"
grep -q '^#include "core/graph/op.h"' op_table.c || fail "the header is not included"

# Nothing changed: the table is not touched. A file was added: it is in.
touch -d '2001-01-01' op_table.c
accepts "a good tree again"
[ -z "$(find op_table.c -newermt 2002-01-01)" ] || fail "an unchanged table was written"
file core/ops/mul.c 'const fv_op fv_op_mul = { .name = "mul" };'
accepts "one more file"
grep -q '&fv_op_mul,' op_table.c || fail "the new file is not in the table"

# Code that ops share says so in its first line.
file core/ops/pool.c '/* shared: the window arithmetic of all pooling ops */' 'int fv_pool_windows;'
accepts "shared code"
rm core/ops/pool.c

# A tree without any descriptor gives an empty table.
rm -r core
file core/graph/other.c 'int fv_other;'
accepts "no descriptor at all"
! grep -q '&' op_table.c || fail "an empty table has entries"
rm -r core

# What it refuses, each naming the file and line.
file core/ops/empty.c '/* nothing */'
refuses "a part without descriptor" core/ops/empty.c:1:
file core/ops/indented.c '  const fv_op fv_op_indented = { .name = "indented" };'
refuses "an indented descriptor" core/ops/indented.c:1:
file core/ops/static.c 'static const fv_op fv_op_static = { .name = "static" };'
refuses "a static descriptor" core/ops/static.c:1:
file core/ops/inside.c '#ifdef __AVX2__' 'const fv_op fv_op_inside = { .name = "inside" };' '#endif'
refuses "a descriptor inside #if" core/ops/inside.c:2:
file core/ops/name.c '' 'const fv_op fv_op_name = { .name = "other" };'
refuses "a name that is not the symbol's" core/ops/name.c:2:
file core/ops/later.c 'const fv_op fv_op_later = {' '    .name = "other" };'
refuses "such a name on a later line" core/ops/later.c:2:
file core/ops/a.c 'const fv_op fv_op_twice = { .name = "twice" };'
file core/ops/b.c 'const fv_op fv_op_twice = { .name = "twice" };'
refuses "a duplicate" core/ops/b.c:1:
file core/ops/dense_avx2.c 'const fv_op fv_op_dense = { .name = "dense" };'
refuses "an instruction set in the file's name alone" core/ops/dense_avx2.c:1:
file core/ops/dense.c 'const fv_op fv_op_dense_avx2 = { .name = "dense_avx2" };'
refuses "an instruction set in the symbol's name alone" core/ops/dense.c:1:
