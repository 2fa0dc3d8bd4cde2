#!/bin/sh
# The same last.fovea and best.fovea from any number of threads and workers, and in low memory; nothing of where and how
# fast is in them.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "train_same_bits: $1" >&2; exit 1; }
train() {
    out=$1; shift
    "$FOVEA" train --data "$SOURCE/examples/shapes/test" --arch "lenet dropout=0.2" --channels 1 --epochs 2 --batch 32 \
        --seed 5 --ema 0.9 --clip-norm 1 --out "$out" \
        --transforms "random_crop size=28 padding=2; hflip; normalize mean=0.5 std=0.25" "$@" > /dev/null 2> err && return
    cat err >&2
    fail "training into $out fails"
}
train one --threads 1 --workers 0
train two --threads 2 --workers 3
train three --threads 2 --workers 0
train low --threads 2 --workers 1 --memory low
for file in last.fovea best.fovea previous.fovea; do
    for other in two three low; do cmp one/$file $other/$file || fail "$file differs between one and $other"; done
done
train seed --threads 2 --workers 1 --seed 6
! cmp -s one/last.fovea seed/last.fovea || fail "another seed gives the same bits"
! grep -qaF "$work" one/last.fovea || fail "the file holds a path"
! grep -qaF "$SOURCE" one/last.fovea || fail "the file holds a path of the data"
# Products of bf16: the same bits from any number of threads, and of the instruction set without its instruction.
status=0
FOVEA_ISA=avx2 "$FOVEA" train --data "$SOURCE/examples/shapes/test" --arch lenet --channels 1 --precision bf16 --out refused \
    > /dev/null 2> err || status=$?
[ $status = 1 ] && grep -q "would only be slower" err && grep -q bf16_forced err || fail "bf16 is taken where it is slower"
[ ! -e refused/last.fovea ] || fail "a training that was refused has begun"
train rounded --threads 1 --workers 0 --precision bf16_forced
( export FOVEA_ISA=avx2 && train rounded_two --threads 2 --workers 2 --precision bf16_forced ) || exit 1
cmp rounded/best.fovea rounded_two/best.fovea || fail "best.fovea of bf16 differs between threads and instruction sets"
! cmp -s one/best.fovea rounded/best.fovea || fail "bf16 gives the bits of f32"
