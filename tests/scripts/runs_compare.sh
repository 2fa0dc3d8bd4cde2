#!/bin/sh
# Runs that were trained, side by side: text, JSON, CSV, charts and the page; and runs that were tested on other pictures.
# Not under ThreadSanitizer: trains and evaluates as train_contract does.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "runs_compare: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
shows() { grep -qF -- "$1" page.html || fail "the page does not show: $1"; }

for class in circle cross square; do
    for part in train val test; do mkdir -p data/$part/$class; done
    cp "$SOURCE"/examples/shapes/train/$class/00[0-9].png data/train/$class
    cp "$SOURCE"/examples/shapes/train/$class/01[0-3].png data/val/$class
    cp "$SOURCE"/examples/shapes/test/$class/00[0-5].png data/test/$class
done
train="$FOVEA train --data data --arch small_cnn --channels 1 --size 28 --epochs 1 --batch 16"
for seed in 1 2; do
    status 0 $train --seed $seed --out quick-$seed
    status 0 $train --seed $seed --learning-rate 0.0001 --out slow-$seed
done

# Two recipes with two seeds each, and each model beside the first, on the 18 test pictures.
status 0 "$FOVEA" runs compare quick-1 quick-2 slow-1 slow-2 --out page.html
prints '^quick +2  [0-9.]+ % ± [0-9.]+ %$'
prints "^slow +2  [0-9.]+ % ± [0-9.]+ %  .*(Welch's t over 2 and 2 seeds|seed noise|do not move it)"
prints "^slow-2 .*McNemar's test, exact"
prints '^learning_rate +0 \| 0.0001$'
[ "$(grep -c '^epochs' out)" = 0 ] || fail "a setting that does not differ is printed"
[ ! -s err ] || fail "it warns"
for text in "Which recipe is better" "quick, seed 2" "18, test (part test)" "Over the epochs" "slow-1 less quick-1"; do
    shows "$text"
done
grep -qE '(src|href)="(http|/|\.)' page.html && fail "the page needs another file"
grep -q '<script' page.html && fail "the page has a script"

# For programs.
status 0 "$FOVEA" runs compare quick-1 slow-1 --json
prints '^\{"metric":"top1",.*"test":\{"on":"test \(part test\)","selected_on":false,"pictures":18,'
prints '"pairs":\[\{"first":"quick-1","second":"slow-1","verdict":"(alike|better|worse)"'
status 0 "$FOVEA" runs compare quick-1 slow-1 --csv
prints '^run,id,group,learning_rate,top1,low,high,train_loss,train_top1,val_loss,val_top1,seconds'
[ "$(wc -l < out)" = 3 ] || fail "the table has not a row a run"
status 0 "$FOVEA" runs compare quick-1 slow-1 --metric val_loss --json
prints '^\{"metric":"val_loss","of_pictures":false,"lower_is_better":true,'

# Charts by the ending of the file's name.
for chart in curves parallel confusion; do
    status 0 "$FOVEA" runs compare quick-1 slow-1 --plot $chart.svg --chart $chart
    grep -q '^<svg ' $chart.svg || fail "$chart is no SVG"
    status 0 "$FOVEA" runs compare quick-1 slow-1 --plot $chart.png --chart $chart --log
    [ "$(head -c 4 $chart.png | tail -c 3)" = PNG ] || fail "$chart is no PNG"
done
status 2 "$FOVEA" runs compare quick-1 slow-1 --plot chart.jpg
says "a chart is written to a file named .svg or .png"

# Other test pictures are no comparison; pictures that are gone are said.
cp -r data/test other && rm other/cross/005.png
status 0 "$FOVEA" report slow-1 --test other
status 0 "$FOVEA" runs compare quick-1 slow-1
prints 'not comparable: other test pictures'
status 0 "$FOVEA" report slow-1
mv data moved
status 0 "$FOVEA" runs compare quick-1 slow-1 --out page.html
says "the page is without pictures"
shows "Its pictures are not shown"
status 0 "$FOVEA" runs compare quick-1 slow-1 --out page.html --data moved
[ ! -s err ] || fail "it warns of pictures that are there"

# A folder comes before a run of its name, and where that is another one it is said; by its id it is meant.
mkdir elsewhere
status 0 "$FOVEA" runs compare quick-1 slow-1
[ ! -s err ] || fail "a folder's own run is called another one"
cp -r slow-1 elsewhere/quick-1
id=$("$FOVEA" runs list --filter "run_name = 'quick-1'" --json | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/')
FOVEA_HOME=${FOVEA_HOME:-$work/.fovea}
export FOVEA_HOME
(cd elsewhere && status 0 "$FOVEA" runs compare quick-1 slow-1 && cp out err ..)
says "quick-1 is the folder; the run quick-1 in $FOVEA_HOME is another one: name it by its id, $(echo "$id" | cut -c1-8)"
(cd elsewhere && status 0 "$FOVEA" runs compare ./quick-1 "$id" --json && cp out err ..)
[ ! -s err ] || fail "a path is taken for a name"
prints '"id":"./quick-1",.*"id":"'"$id"'"'

# One run from its folder and from the registry is of one recipe.
status 0 "$FOVEA" runs compare ./quick-1 "$id"
prints '^all settings are the same, but for the seed$'

# What is no run, and what is no comparison.
status 1 "$FOVEA" runs compare quick-1 moved
says "moved is no run's folder"
status 2 "$FOVEA" runs compare quick-1
says "there is one run, and nothing to compare it with"
status 2 "$FOVEA" runs compare quick-1 quick-1
says "the run quick-1 is named twice"
