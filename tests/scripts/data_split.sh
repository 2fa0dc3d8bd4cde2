#!/bin/sh
# fovea data split: a list beside the pictures, which the source list reads back; the folder of the pictures is only read.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "data_split: $1" >&2; cat out err >&2; exit 1; }
split() {
    want=$1; shift; got=0
    "$FOVEA" data split "$@" > out 2> err || got=$?
    [ "$got" = "$want" ] || fail "status $got, not $want: $*"
}
says() { grep -qF -- "$1" err || fail "does not say: $1"; }
rows() { grep -c "$1" "$2" || true; }

for class in 'a, b' c; do
    mkdir -p "photos/$class"
    for i in 00 01 02 03 04 05 06 07 08 09; do cp "$SOURCE/tests/data/files/rgb.png" "photos/$class/p${i%?}${i#?}_$i.png"; done
done
before=$(find photos | LC_ALL=C sort)

split 0 photos --out photos.csv --seed 3 --test-fraction 0.2 --json
grep -qF '"train":12,"val":4,"test":4,"separator":null,' out || fail "other counts"
grep -qF '"classes":[{"name":"a, b","train":6,"val":2,"test":2}' out || fail "other counts of classes"
[ "$(head -1 photos.csv)" = "path,label,split" ] || fail "another header"
[ "$(wc -l < photos.csv)" = 21 ] && [ "$(rows ',test$' photos.csv)" = 4 ] || fail "other rows"
grep -qE '^"photos/a, b/p00_00.png","a, b",(train|val|test)$' photos.csv || fail "a row is not as it should be"
[ "$(find photos | LC_ALL=C sort)" = "$before" ] || fail "something was written to the pictures' folder"
split 0 photos --out words.csv --seed 3 --test-fraction 0.2
[ "$(tr -s ' ' < out)" = "list words.csv
train 12
val 4
test 4
 a, b train 6, val 2, test 2
 c train 6, val 2, test 2" ] || fail "other words"
split 1 photos --out photos.csv
says "photos.csv is there already"
split 2 photos --out photos/list.csv
says "lies in photos, which is not written to"

# Of a list again; its train part is split once more, what was test stays.
split 1 photos.csv --out again.csv
says "has a part val already"
split 0 photos.csv --out again.csv --part all --val-fraction 0.5 --json
[ "$(rows ',val$' again.csv)" = 10 ] && [ "$(rows ',test$' again.csv)" = 0 ] || fail "not all was split anew"
split 0 photos --out two.csv --val-fraction 0 --test-fraction 0.2
split 0 two.csv --out three.csv --val-fraction 0.25
grep ',test$' two.csv | LC_ALL=C sort > tests
grep ',test$' three.csv | LC_ALL=C sort | cmp -s - tests || fail "the test part did not stay"
[ "$(rows ',val$' three.csv)" = 4 ] || fail "the train part was not split"

# The same on every run; folds hold out each picture once; groups stay whole.
split 0 photos --out photos2.csv --seed 3 --test-fraction 0.2
cmp -s photos.csv photos2.csv || fail "another list from the same seed"
split 0 photos --out folds.csv --folds 5 --fold 2
[ "$(head -1 folds.csv)" = "path,label,split,fold" ] || fail "no column fold"
for fold in 1 2 3 4 5; do [ "$(rows ",$fold\$" folds.csv)" = 4 ] || fail "fold $fold is not of four"; done
[ "$(rows ',val,2$' folds.csv)" = 4 ] && [ "$(rows ',val,' folds.csv)" = 4 ] || fail "fold 2 is not val"
split 0 photos --out grouped.csv --group-by '/p[0-9]([0-9])_' --val-fraction 0.3
for i in 0 1 2 3 4 5 6 7 8 9; do
    [ "$(grep "p0${i}_" grouped.csv | sed 's/.*,//' | sort -u | wc -l)" = 1 ] || fail "group $i is in two parts"
done
[ "$(rows ',val$' grouped.csv)" = 6 ] || fail "other groups"
mkdir elsewhere
split 0 photos --out elsewhere/l.csv
grep -qF "\"$(pwd -P)/photos/a, b/p00_00.png\"" elsewhere/l.csv || fail "a path that does not lead there"
split 1 photos --out gone/l.csv
says "there is no folder gone"

# Several classes and groups of a list come through.
printf 'path,tags,patient\nphotos/c/p00_00.png,x|y,1\nphotos/c/p01_01.png,,1\nphotos/c/p02_02.png,y,2\n' > tags.csv
split 0 tags.csv --out tags2.csv --source-options 'separator=|' --val-fraction 0.4
[ "$(head -2 tags2.csv | tail -1 | cut -d, -f 1,2,4)" = "photos/c/p00_00.png,x|y,1" ] || fail "labels or group are lost"
says "separator"
