#!/bin/sh
# The contract of train, eval and predict with scripts: files, JSON, exit statuses, and what is said when something is wrong.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "train_contract: $1" >&2; cat out err >&2; exit 1; }
# status N COMMAND…: it exits with N; its output is in out and err.
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }

# A few of the shapes: three classes, 12 to train on and 4 to test.
for class in circle cross square; do
    mkdir -p data/train/$class data/test/$class
    for i in 0 1; do cp "$SOURCE"/examples/shapes/train/$class/0$i[0-5].png data/train/$class; done
    cp "$SOURCE"/examples/shapes/test/$class/00[0-3].png data/test/$class
done
echo "arch: small_cnn width=4" > base.yaml
train="$FOVEA train base.yaml --data data --channels 1 --size 28 --epochs 2 --batch 16 --seed 3"

status 0 $train --out run
for file in best.fovea last.fovea previous.fovea recipe.yaml results.csv; do [ -s run/$file ] || fail "no run/$file"; done
says "data: data (class_folders): 48 found, 48 usable, 0 rejected; 3 classes"
says "train on 36, validate on 12 (part test)"
says "memory: at most"
[ "$(wc -l < run/results.csv)" = 3 ] || fail "results.csv has not a row an epoch"
[ "$(head -1 run/results.csv)" = epoch,learning_rate,train_loss,train_top1,val_loss,val_top1,seconds ] ||
    fail "results.csv has other columns"

status 0 "$FOVEA" eval run/best.fovea --data data --json
prints '^\{.*"n":12,"top1":[01](\.[0-9]+)?,"loss":[0-9.e-]+,"classes":\["circle","cross","square"\].*\}$'
[ "$(wc -l < out)" = 1 ] || fail "eval --json is not one object"
status 0 "$FOVEA" eval run/best.fovea --data data/test
prints '^n +12$'

# predict: one object a line, in the order of the files, five labels at most; a file that is none gets its line.
echo "no picture" > text.png
status 1 "$FOVEA" predict run/best.fovea data/test/circle/000.png text.png missing.png data/test/cross/001.png --json
[ "$(wc -l < out)" = 4 ] || fail "predict does not answer each file"
guess='"label":"[a-z]+","score":[0-9.e-]+'
prints '^\{"path":"data/test/circle/000.png",'"$guess"',"top":\[\{'"$guess"'\},.*\],"model_hash":"[0-9a-f]{12}"\}$'
sed -n 2p out | grep -q '^{"path":"text.png","error":".*"}$' || fail "a text is no error"
sed -n 3p out | grep -q '^{"path":"missing.png","error":".*"}$' || fail "a missing file is no error"
[ "$(sed -n 4p out | grep -o '"label"' | wc -l)" = 4 ] || fail "not three labels of three classes"
status 0 "$FOVEA" predict run/best.fovea data/test/circle/000.png --top 1 --json
[ "$(grep -o '"label"' out | wc -l)" = 2 ] || fail "--top 1 gives not one label"

# A picture's bits do not depend on its batch.
status 0 "$FOVEA" predict run/best.fovea data/test/*/*.png --json
mv out together
for file in data/test/*/*.png; do status 0 "$FOVEA" predict run/best.fovea "$file" --json --batch 1; cat out; done > alone
cmp together alone || fail "answers depend on the batch"

# No val and no part: a split by the seed. A folder of its own.
status 0 $train --data data/train --epochs 1 --out split
says "train on 30, validate on 6 (split)"
status 0 $train --data data/train --val data/test --epochs 1 --out val
says "train on 36, validate on 12 (folder)"

# What is tried needs no folder and makes none.
for trial in --dry-run --overfit-batch --find-rate; do
    status 0 $train --lr 0.02 $trial
    says "memory: at most"
done
says "suggestion: learning_rate: "
status 2 $train --dry-run --find-rate
says "exclude each other"

# Wrong usage is 2, with the nearest name.
status 2 "$FOVEA" train --data data --arch small_cnn
says "out is missing"
status 2 "$FOVEA" train --data data --out x
says "arch is missing"
status 2 $train --out x --epoch-s 3
says 'did you mean --epochs?'
status 2 $train --out x --epochs none
says "epochs cannot be"
status 2 $train --out x --arch resnet81
says 'did you mean "resnet18"'
status 2 $train --out x --arch "lenet classes=3"
says "come from the data"
status 2 $train --out x --optimizer adamww
says 'did you mean "adamw"'
status 2 $train --out x --transforms "hfilp"
says 'did you mean "hflip"'
printf 'epochs: 2\nlearningrate: 0.1\n' > typo.yaml
status 2 "$FOVEA" train typo.yaml --data data --arch small_cnn --out x
says "typo.yaml"
says 'did you mean "learning_rate"'
status 2 "$FOVEA" trian
says 'did you mean "train"'
status 2 "$FOVEA"
status 2 "$FOVEA" predict run/best.fovea

# What cannot be done is 1, said before anything is begun.
status 1 $train --out run
says "run holds a training already"
says "--resume"
status 1 $train --out new --resume
says "there is no training to resume in new"
status 1 $train --out x --device npu
says '"npu"'
echo > file
status 1 $train --out file/run
says "no place for the run: file/run: file is no folder"
status 1 $train --data nowhere --out y
says "nowhere"
status 1 "$FOVEA" eval nowhere.fovea --data data
says "nowhere.fovea"
head -c 1000 run/best.fovea > cut.fovea
status 1 "$FOVEA" predict cut.fovea data/test/circle/000.png
says "cut.fovea is cut short"
mkdir -p one/only && cp data/train/circle/*.png one/only
status 1 $train --data one --out z
says "telling classes apart takes two"

# Classes that the model does not know.
mkdir -p other && cp -r data/test/circle other && cp -r data/test/cross other/wheel
status 1 "$FOVEA" eval run/best.fovea --data other
says "wheel"
status 0 "$FOVEA" eval run/best.fovea --data other --allow-dropped --json
prints '"n":4,.*"rejected":\[\{"path":"wheel/000.png","reason":'

# The whole recipe, printed: a training from that file alone ends in the same bits.
status 0 $train --print-recipe
prints '^arch: "small_cnn width=4"'
grep -q '^#' out || grep -q ' # ' out || fail "the recipe is not commented"
mv out whole.yaml
status 0 "$FOVEA" train whole.yaml --out again
cmp run/best.fovea again/best.fovea || fail "a printed recipe trains another model"

# What the time went to, as a table and as JSON; kept pictures change no bit.
status 0 $train --out kept --cache 1 --cache-dir . --profile
for part in wait compute reduce validate save decode augment; do prints "^  $part +[0-9.]+ s +[0-9.]+ %"; done
cmp run/best.fovea kept/best.fovea || fail "--cache, --cache-dir and --profile train another model"
status 0 $train --epochs 1 --out told --profile --json
prints '"profile":\[\{"part":"wait","seconds":[0-9.e-]+,"share":[0-9.e-]+\},\{"part":"compute",'
