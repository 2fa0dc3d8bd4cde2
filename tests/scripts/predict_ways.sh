#!/bin/sh
# By which model, with which options and by which arithmetic pictures are answered: each answer of a file says it, and going on
# with the file keeps to it; kernels for the batch and products in bf16 answer nearly as usual.
# Not under ThreadSanitizer: threads answer as in predict_many.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "predict_ways: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }

for class in circle cross; do
    mkdir -p data/train/$class data/test/$class
    cp "$SOURCE"/examples/shapes/train/$class/00[0-9].png data/train/$class
    cp "$SOURCE"/examples/shapes/test/$class/00[0-4].png data/test/$class
done
status 0 "$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --out run
model=run/best.fovea

# Answers of one file are made alike: by one model, whose hash `fovea model show` has, and the same options.
status 0 "$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --seed 2 --out other
status 0 "$FOVEA" model show $model --json
hash=$(sed -n 's/.*"hash":"\([0-9a-f]\{12\}\).*/\1/p' out)
for kind in csv jsonl; do
    status 0 "$FOVEA" predict $model data/test --out all.$kind --top 2
    cp all.$kind part.$kind
    [ "$(grep -c "$hash" all.$kind)" = 10 ] || fail "an answer in all.$kind does not name its model"
    refused() { # SAID HINT MODEL OPTION…
        said=$1 hint=$2; shift 2
        status 1 "$FOVEA" predict "$@" --out part.$kind --resume
        grep -q "part.$kind, line [12]: answered by model $hash, and now it would be by $said" err || fail "gone on: $*"
        grep -qF "hint: go on$hint, or name another file" err || fail "no way out: $*"
        cmp part.$kind all.$kind || fail "a file that is refused is changed"
    }
    refused "model $hash with --fast-batch$" " without --fast-batch" $model data/test --top 2 --fast-batch
    refused "model $hash with --tta mirror$" " without --tta" $model data/test --top 2 --tta mirror
    refused "model [0-9a-f]*$" " by that model, whose hash \`fovea model show\` says" other/best.fovea data/test --top 2
    status 1 "$FOVEA" predict $model data/test --top 1 --out part.$kind --resume
    grep -qE "other (columns|labels or logits in a line) than would be written now" err || fail "another number of labels"
    status 0 "$FOVEA" predict $model data/test/circle --out fast.$kind --fast-batch --threshold 0.25
    status 1 "$FOVEA" predict $model data/test --out fast.$kind --resume --threshold 0.75
    grep -qF "hint: go on with --threshold 0.25 --fast-batch, or name another file" err || fail "no way out"
    status 0 "$FOVEA" predict $model data/test --out fast.$kind --fast-batch --threshold 0.25 --resume
    prints '^held +5$'
done
grep -q '"fast_batch":true}$' fast.jsonl || fail "an answer does not say how it was made"

# near OTHER BOUND: the answers in out have the classes of those in OTHER, with scores as near.
near() {
    for file in out "$1"; do
        sed -nE 's/.*"label":"([a-z]+)","score":([0-9.e-]+),"top".*/\1 \2/p' "$file" > "$file.scores"
        [ "$(wc -l < "$file.scores")" = 10 ] || fail "not ten answers in $file"
    done
    paste -d ' ' out.scores "$1.scores" | awk -v bound="$2" '$1 != $3 || $2 - $4 > bound || $4 - $2 > bound { exit 1 }' ||
        fail "the answers are not near those in $1"
}

# One that has made up its mind: no score is near a half.
status 0 "$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 30 --batch 10 --out decided
model=decided/best.fovea
status 0 "$FOVEA" predict $model data/test --json
mv out exact

# By kernels chosen for the batch the last digits may be others, whatever the batch.
for batch in 1 3 32; do
    status 0 "$FOVEA" predict $model data/test --json --fast-batch --batch $batch
    near exact 1e-4
done

# By products in bf16: refused, before anything is written, where they would only be slower or cannot be; forced, the bits that
# the instruction gives, near those of f32, and of a picture the same in any batch.
( export FOVEA_ISA=portable && status 1 "$FOVEA" predict $model data/test --precision bf16_forced ) || exit 1
grep -q 'products in bf16 need AVX2 at least' err || fail "no reason for no products in bf16"
if ! "$FOVEA" version | grep -q '^isa *portable$'; then
    ( export FOVEA_ISA=avx2 && status 1 "$FOVEA" predict $model data/test --precision bf16 --out bf16.csv ) || exit 1
    grep -q 'products in bf16 would only be slower: this CPU has no AVX-512 with bf16' err || fail "no reason for f32"
    grep -q 'bf16_forced takes bf16 all the same' err || fail "no way to force bf16"
    [ ! -e bf16.csv ] || fail "what is refused leaves a file"
    status 0 "$FOVEA" predict $model data/test --json --precision bf16_forced
    near exact 0.05
    [ "$(grep -c '"precision":"bf16_forced"}$' out)" = 10 ] || fail "an answer does not say its precision"
    ! sed 's/,"precision":"bf16_forced"//' out | cmp -s - exact || fail "nothing was rounded"
    mv out forced
    ( export FOVEA_ISA=avx2 && status 0 "$FOVEA" predict $model data/test --json --precision bf16_forced ) || exit 1
    cmp out forced || fail "the instruction gives other bits than floats that are rounded"
    status 0 "$FOVEA" predict $model data/test/circle/000.png --json --precision bf16_forced
    head -1 forced | cmp - out || fail "answers by products in bf16 depend on the batch"
    status 0 "$FOVEA" predict $model data/test --precision bf16_forced --out forced.csv
    sed -n 1p forced.csv | grep -q ',error,model_hash,precision$' || fail "no column for the precision"
    status 1 "$FOVEA" predict $model data/test --out forced.csv --resume
    grep -q 'hint: go on with --precision bf16_forced, or name another file$' err || fail "no way out"
fi
