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
