#!/bin/sh
# The reports of tiny runs on several labels and on numbers: their parts, predictions.jsonl, targets by kind, made anew, and
# what model show says of such models.
# Not under ThreadSanitizer: trains as train_contract does, and a report has no threads.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "report_kinds: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
shows() { grep -qF -- "$1" "$run/report.html" || fail "the report does not show: $1"; }
hides() { ! grep -qF -- "$1" "$run/report.html" || fail "the report has: $1"; }
anew() {
    cp "$run/report.html" before.html
    cp "$run/predictions.jsonl" before.jsonl
    status 0 "$FOVEA" report "$run"
    cmp before.html "$run/report.html" || fail "the report made anew differs"
    cmp before.jsonl "$run/predictions.jsonl" || fail "the predictions made anew differ"
}

# Shapes, each with two labels or one, or with a number; 8 of each class to train on, 4 to validate on, 4 for the report.
{
    echo "path,labels,split"
    for i in 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15; do
        part=train
        [ "${i#0}" -lt 8 ] || part=val
        [ "${i#0}" -lt 12 ] || part=test
        echo "circle/0$i.png,round|shape,$part"
        echo "cross/0$i.png,shape,$part"
        echo "ring/0$i.png,round|<b>hollow</b>,$part"
    done
} > labels.csv
sed 's/,labels,/,size,/; s/round|shape/1.5/; s/,shape,/,2.5,/; s/,round.*b>,/,4,/' labels.csv > numbers.csv
train="$FOVEA train --source list --arch small_cnn --channels 1 --size 28 --epochs 2 --batch 12 --seed 3"
root="root=$SOURCE/examples/shapes/train"

run=labels
status 0 $train --data labels.csv --source-options "target=classes separator=| $root" --out labels \
    --targets "hamming_loss<=1; f1 average=micro>=1.1"
says "report: labels/report.html (12 pictures, test (part test))"
shows "mean average precision (mAP)"
shows "always the most frequent set of labels"
shows "&lt;b&gt;hollow&lt;/b&gt;"
hides "<b>hollow"
for section in "Each label" "At every threshold" "Is it as sure as it is right?" Mistakes "The data"; do
    shows "<h2>$section</h2>"
done
shows "Mean average precision, validation"
shows "✓ met"
shows "✗ not met"
hides "What is taken for what"
hides "temperature scaling"
[ "$(wc -l < labels/predictions.jsonl)" = 12 ] || fail "predictions.jsonl has not a line a picture"
line='^\{"path":"circle/012.png","labels":\["round","shape"\],"predicted":\[.*\],"top":\[\{"label":"[^"]+","score":[0-9.e-]+\},'
head -1 labels/predictions.jsonl | grep -qE "$line" || fail "a line of predictions.jsonl is not as it should be"
anew
status 0 "$FOVEA" model show labels/best.fovea --json
prints '"task":"multi_label","classes":\["<b>hollow</b>","round","shape"\],'
prints '"temperature":null,'
prints '\{"metric":"subset_accuracy","value":'

run=numbers
status 0 $train --data numbers.csv --source-options "target=number label=size $root" --out numbers --targets "rmse<=100; r2>=2"
shows "mean absolute error (MAE)"
shows "always the mean of the training pictures, 2.667"
for section in "Predicted and true" Mistakes "The data"; do shows "<h2>$section</h2>"; done
shows "Predicted against true"
shows "✓ met"
shows "✗ not met"
hides "Each class"
head -1 numbers/predictions.jsonl | grep -qE '^\{"path":"circle/012.png","number":1.5,"predicted":-?[0-9.e-]+\}$' ||
    fail "a line of predictions.jsonl is not as it should be"
anew
status 0 "$FOVEA" model show numbers/best.fovea
prints '^task +a number a picture$'
prints '^rmse +[0-9.]+ \(95 %: '

# A target is one of the data's kind.
status 2 $train --data numbers.csv --source-options "target=number label=size $root" --out x --targets "top1>=0.9"
says "not for numbers"
[ ! -e x ] || fail "a folder was made by a recipe that cannot be"
