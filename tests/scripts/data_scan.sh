#!/bin/sh
# fovea data scan: what it counts, what it finds twice, its exit statuses, and that it writes nothing.
set -eu
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "data_scan: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
shapes=$SOURCE/examples/shapes

# Two classes in two parts: hidden and system files, a copy across parts, one under another label, damage.
for part in train test; do
    for class in circle ring; do
        mkdir -p data/$part/$class
        cp "$shapes/$part/$class"/00[0-3].png data/$part/$class
    done
done
mkdir -p data/.git data/__MACOSX
touch data/.DS_Store data/train/circle/Thumbs.db data/train/circle/labels.csv
cp data/train/circle/000.png data/test/circle/copy.png
cp data/train/ring/001.png data/train/circle/wrong.png
: > data/train/ring/empty.png
head -c 100 data/train/ring/000.png > data/train/ring/cut.png
echo "<html>" > data/test/ring/page.jpg
find data -exec chmod a-w {} +

status 0 "$FOVEA" data scan data
prints '^found +21$'
prints '^usable +18$'
prints '^ignored +5$'
prints '^rejected +3, of them 1 empty$'
prints '^  train/ring/empty.png: an empty file$'
prints '^  train/ring/cut.png: cut short'
prints '^  test/ring/page.jpg: not a picture \(a web page: HTML\)$'
prints '^  circle: 10 \(train 5, test 5\), few$'
prints '^channels +1 of 8 bits: 18$'
prints '^duplicates 2 groups of equal pictures \(4 in all\), 1 across parts, 1 with different labels$'
prints 'train/circle/000.png = test/circle/copy.png \[across parts\]$'
prints 'train/circle/wrong.png = train/ring/001.png \[labels differ\]$'
status 1 "$FOVEA" data scan data --strict
prints '^rejected +3'

status 0 "$FOVEA" data scan data --json
[ "$(wc -l < out)" = 1 ] || fail "--json is not one object"
prints '"found":21,"usable":18,"ignored":5,"empty":1,"rejected":\[\{"path":"[^"]*","reason":'
prints '"classes":\["circle","ring"\]'
prints '\{"class":"ring","count":8,"train":4,"test":4,"guidance":"few"\}'
prints '"kind":"exact","paths":\["train/circle/000.png","test/circle/copy.png"\],"across_parts":true,"labels_differ":false'
status 0 "$FOVEA" data scan data --workers 0 --json
mv out alone
status 0 "$FOVEA" data scan data --workers 3 --json
cmp -s out alone || fail "the answer depends on the workers"
[ "$(find data -newer alone | wc -l)" = 0 ] || fail "something was written to the folder"

# Sound data pass --strict, whatever lies beside them; a folder without classes is looked through too.
mkdir -p sound/a sound/b sound/.ipynb_checkpoints
cp data/train/circle/00*.png sound/a
cp data/train/ring/00[0-3].png sound/b
touch sound/a/desktop.ini
status 0 "$FOVEA" data scan sound --strict --json
prints '"found":8,"usable":8,"ignored":2,"empty":0,"rejected":\[\]'
status 0 "$FOVEA" data scan sound/a --json
prints '"source":"unlabelled","found":4,.*"classes":\[\]'
status 0 "$FOVEA" data scan sound --dark 256 --lines 1
prints '^dark +8 \(99 % of the pixels below level 256\)$'
prints '^  and 7 more$'

status 1 "$FOVEA" data scan nowhere
grep -q nowhere err || fail "a folder that is not there is not named"
status 2 "$FOVEA" data scan
status 2 "$FOVEA" data scan sound --near 9
