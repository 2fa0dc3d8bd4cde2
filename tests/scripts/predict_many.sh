#!/bin/sh
# fovea predict for many pictures: folders, lists, standard input, files of answers, and going on with them.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "predict_many: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }

for class in circle cross; do
    mkdir -p data/train/$class data/test/$class/deep
    cp "$SOURCE"/examples/shapes/train/$class/00[0-9].png data/train/$class
    cp "$SOURCE"/examples/shapes/test/$class/00[0-3].png data/test/$class
    cp "$SOURCE"/examples/shapes/test/$class/004.png "data/test/$class/deep/with, comma.png"
done
status 0 "$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --out run
model=run/best.fovea

# A folder stands for the pictures below it, in order; names on standard input do as well as arguments.
status 0 "$FOVEA" predict $model data/test --json
[ "$(wc -l < out)" = 10 ] || fail "not every picture below a folder is answered"
sed -n 5p out | grep -q '^{"path":"data/test/circle/deep/with, comma.png"' || fail "the order is another"
mv out folder
find data/test -name '*.png' | LC_ALL=C sort > list
status 0 sh -c "'$FOVEA' predict $model - --json < list"
cmp out folder || fail "a list gives other answers"
status 0 sh -c "'$FOVEA' predict $model --stdin-image --json < data/test/circle/000.png"
sed 's|data/test/circle/000.png|standard input|' folder | head -1 | cmp - out || fail "a picture on standard input differs"

# Into a file, in two goes; the second is as if there had been one.
for kind in csv jsonl; do
    status 0 "$FOVEA" predict $model data/test --out all.$kind --top 2 --batch 3
    prints '^predicted +10$'
    status 1 "$FOVEA" predict $model data/test --out all.$kind
    grep -q -- '--resume' err || fail "no way out is named"
    head -c 400 all.$kind > part.$kind
    status 0 "$FOVEA" predict $model data/test --out part.$kind --top 2 --resume
    cmp part.$kind all.$kind || fail "a $kind that was gone on with differs"
    status 0 "$FOVEA" predict $model data/test --out part.$kind --top 2 --resume --json
    prints '"predicted":0,"failed":0,"held":10,'
done
cmp all.jsonl folder || fail "a file has other lines than standard output"
[ "$(sed -n 1p all.csv)" = path,label,score,label_2,score_2,error,model_hash ] || fail "other columns"
grep -q '^"data/test/circle/deep/with, comma.png",' all.csv || fail "a comma is not quoted"

# Answers of one file are made alike: by one model, whose hash `fovea model show` has, and the same options.
status 0 "$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --seed 2 --out other
status 0 "$FOVEA" model show $model --json
hash=$(sed -n 's/.*"hash":"\([0-9a-f]\{12\}\).*/\1/p' out)
for kind in csv jsonl; do
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

model=run/best.fovea

# Abstaining, logits, both sides of a picture.
status 0 "$FOVEA" predict $model data/test/circle/000.png --threshold 1 --json
prints '"label":null,"abstained":true,"score":0\.[0-9]+,"top":\[\{"label":"c[a-z]*"'
status 0 "$FOVEA" predict $model data/test/circle/000.png --threshold 1
prints '^data/test/circle/000.png	\?	0\.[0-9]+	c[a-z]+ 0\.[0-9]+	c'
status 0 "$FOVEA" predict $model data/test/circle/000.png --logits --json
prints '"logits":\[-?[0-9.e-]+,-?[0-9.e-]+\],"model_hash":"[0-9a-f]{12}"\}$'
status 0 "$FOVEA" predict $model data/test/circle/000.png --tta mirror --json
mv out once
status 0 "$FOVEA" predict $model data/test --tta mirror --json
head -1 out | cmp - once || fail "answers by both sides depend on the batch"

# One that fails does not keep the others from being answered.
status 1 "$FOVEA" predict $model data/test nowhere.png --out failed.csv
prints '^failed +1$'
tail -1 failed.csv | grep -q '^nowhere.png,,,,,.*nowhere.png' || fail "the failure is not in the file"
status 2 "$FOVEA" predict $model
status 2 "$FOVEA" predict $model data --resume
status 2 "$FOVEA" predict $model data --stdin-image
status 2 "$FOVEA" predict $model data --out answers.txt
status 1 "$FOVEA" predict $model data --out none/answers.csv
ln -s /dev/full full.csv
status 1 "$FOVEA" predict $model data --out full.csv --resume
grep -q 'full.csv is not a plain file' err || fail "a device is taken for a file"
