#!/bin/sh
# The report of a tiny run: its files, what it is about, names that are markup, targets, and making it anew.
# Not under ThreadSanitizer: trains as train_contract does, and a report has no threads.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "report: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
shows() { grep -qF -- "$1" run/report.html || fail "the report does not show: $1"; }
hides() { ! grep -qF -- "$1" run/report.html || fail "the report has: $1"; }

# Three classes in three parts; one has a name that a page must not believe, one a file that is no picture.
hostile='<script>alert("x")<'
for part in train val test; do
    mkdir -p "data/$part/$hostile" data/$part/cross data/$part/square
    cp "$SOURCE"/examples/shapes/train/circle/00[0-7].png "data/$part/$hostile"
    cp "$SOURCE"/examples/shapes/train/cross/00[0-7].png data/$part/cross
    cp "$SOURCE"/examples/shapes/train/square/00[0-7].png data/$part/square
done
echo "no picture" > data/train/cross/text.png
train="$FOVEA train --data data --arch small_cnn --channels 1 --size 28 --epochs 2 --batch 16 --seed 3 --allow-dropped"
status 0 $train --out run --targets "top1>=0; log_loss<=0; size_mb<=50"
says "report: run/report.html (24 pictures, test (part test))"
shows "On 24 pictures: test (part test)."
hides "selected on"
shows '&lt;script&gt;alert(&quot;x&quot;)&lt;'
hides '<script'
shows "text.png"
shows "✓ met"
shows "✗ not met"
shows "What was trained"
for section in "Each class" "What is taken for what" Mistakes "What it was trained on" "The data"; do
    shows "<h2>$section</h2>"
done
[ "$(grep -o '<svg ' run/report.html | wc -l)" -ge 10 ] || fail "there are fewer charts than ten"
grep -qE '(src|href)="(http|/|\.)' run/report.html && fail "the report needs another file"

# A line a picture, in the order of the data.
[ "$(wc -l < run/predictions.jsonl)" = 24 ] || fail "predictions.jsonl has not a line a picture"
line='^\{"path":"test/.*000.png","label":".*","predicted":".*","score":[0-9.e-]+,"top":\[\{"label":'
head -1 run/predictions.jsonl | grep -qE "$line" ||
    fail "a line of predictions.jsonl is not as it should be"

# Anew it is the same, byte by byte; about other pictures it says so.
cp run/report.html before.html
cp run/predictions.jsonl before.jsonl
rm run/report.html run/predictions.jsonl
status 0 "$FOVEA" report run --json
grep -qF '{"report":"run/report.html","predictions":"run/predictions.jsonl"}' out || fail "the JSON is another"
cmp before.html run/report.html || fail "the report made anew differs"
cmp before.jsonl run/predictions.jsonl || fail "the predictions made anew differ"
mv data moved
status 1 "$FOVEA" report run
says "--data, --val and --test say where the pictures are now"
status 0 "$FOVEA" report run --data moved --test moved/val --targets "latency_ms<=1000000"
shows "test (folder)"
shows "latency_ms is the median time"
mv moved data

# Without pictures for it the report is about those that the best epoch was chosen by.
rm -r data/test data/val
status 0 $train --epochs 1 --out split
mv run other && mv split run
shows "validation, selected on (split)"
shows "the figures flatter"

# What cannot be is said before the first step.
status 2 $train --out x --targets "topp1>=0.9"
says 'targets: "topp1"'
says 'did you mean "top1"'
status 2 $train --out x --targets "top1=0.9"
says "compares nothing by >= or <="
status 1 $train --out x --test nowhere
says "nowhere"
[ ! -e x ] || fail "a folder was made by a recipe that cannot be"
mkdir empty
status 1 "$FOVEA" report empty
says "empty holds no trained model"
