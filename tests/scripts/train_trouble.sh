#!/bin/sh
# What goes wrong around a training: each trouble has an error that names the file or key and the way out, leaves no
# half-written file, and never writes to the pictures' folder.
# Not under ThreadSanitizer: trains as train_contract does.
set -eu
work=$(mktemp -d)
full=
trap '[ -z "$full" ] || umount "$full"; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "train_trouble: $1" >&2; cat err >&2; exit 1; }
fails() { # STATUS WORDS COMMAND…
    want=$1 words=$2 got=0
    shift 2
    "$@" > out 2> err || got=$?
    [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"
    grep -q -- "$words" err || fail "it does not say \"$words\": $*"
}
whole() { ! find "$1" -name '*.tmp*' | grep -q . || fail "a half-written file is left in $1"; }

mkdir -p pictures
cp -r "$SOURCE"/examples/shapes/test/ring "$SOURCE"/examples/shapes/test/cross pictures
train="--arch lenet --channels 1 --epochs 2 --batch 16"

# A typo in a recipe, of a key and of an option.
printf 'arch: lenet\nepochz: 3\n' > key.yaml
fails 2 "key.yaml:2" "$FOVEA" train key.yaml --data pictures --out run
grep -q epochs err || fail "the nearest key is not named"
printf 'arch: lenet\ntransforms:\n  - random_crop: {sise: 28}\n' > option.yaml
fails 2 "option.yaml:3" "$FOVEA" train option.yaml --data pictures --out run
grep -q size err || fail "the nearest option is not named"
[ ! -e run ] || fail "a recipe that cannot be read leaves a folder"

# A damaged picture: named, counted; more than 1 % needs a word.
head -c 60 pictures/ring/000.png > pictures/ring/cut.png
fails 1 "ring/cut.png" "$FOVEA" train --data pictures $train --out run
grep -q "allow" err || fail "the way out is not named"
[ ! -e run ] || fail "a training that did not begin leaves a folder"
"$FOVEA" train --data pictures $train --out run --allow-dropped > out 2> err || fail "--allow-dropped does not go on"

# A place that cannot be written to.
echo > file
fails 1 "file is no folder" "$FOVEA" train --data pictures $train --out file/run --allow-dropped

! grep -q "usable" err || fail "the pictures are looked through first"

# Pictures are only read: nothing of them changes, nor is anything beside them.
find pictures -type f -exec cksum {} + | sort > before
"$FOVEA" train --data pictures $train --out run2 --allow-dropped > out 2> err || fail "the training fails"
find pictures -type f -exec cksum {} + | sort | cmp - before || fail "the pictures' folder was written to"

# A full disk, where a small one can be mounted: what was whole before is whole after.
mkdir small
if mount -t tmpfs -o size=4m none small 2> /dev/null; then
    full=$work/small
    fails 1 "small/run" "$FOVEA" train --data pictures $train --out small/run --allow-dropped
    grep -qi "space" err || fail "it does not say that there is no space"
    whole small
    for model in small/run/*.fovea; do
        [ ! -e "$model" ] || "$FOVEA" plan "$model" > out 2> err || fail "$model is not whole"
    done
fi
