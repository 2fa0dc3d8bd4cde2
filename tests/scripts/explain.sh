#!/bin/sh
# fovea explain: a sheet as a PNG, a line of figures a picture, for each method; what cannot be is said.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "explain: $1" >&2; cat err >&2; exit 1; }
shapes=$SOURCE/examples/shapes/test
"$FOVEA" train --data "$shapes" --arch "small_cnn width=4" --channels 1 --size 28 --epochs 2 --batch 16 --no-track --out run \
    > /dev/null 2> err || fail "no model"
for method in gradcam gradcam_pp "occlusion window=6" "integrated_gradients steps=4"; do
    "$FOVEA" explain run/best.fovea "$shapes/circle/000.png" "$shapes/ring/001.png" --method "$method" --out sheet.png --json \
        > out 2> err || fail "$method fails"
    [ "$(head -c 4 sheet.png | tail -c 3)" = PNG ] || fail "$method writes no PNG"
    [ "$(grep -c '"deletion":[0-9.e-]*,"insertion":[0-9.e-]*}' out)" = 2 ] || fail "$method does not say its figures"
    rm sheet.png
done
"$FOVEA" explain run/best.fovea "$shapes/circle/000.png" --class-name ring --no-score --out sheet.png > out 2> err ||
    fail "one class cannot be asked about"
grep -q "ring" out || fail "another class than the one asked about"
"$FOVEA" predict run/best.fovea "$shapes/circle" --method "gradcam_pp" --explain maps > out 2> err ||
    fail "predict --explain fails"
[ "$(ls maps | wc -l)" = "$(wc -l < out)" ] || fail "not a picture with its map for each answer"
[ "$(head -c 4 maps/00001_000.png | tail -c 3)" = PNG ] || fail "a map of another name, or no PNG"
if "$FOVEA" predict run/best.fovea --stdin-image --explain maps < /dev/null > out 2> err; then
    fail "standard input is read twice"
fi
refuses() {
    status=0
    "$FOVEA" explain "$@" > /dev/null 2> err || status=$?
    [ $status != 0 ] || fail "taken: $*"
}
refuses run/best.fovea "$shapes/circle/000.png" --class-name rin --out no.png
grep -q "did you mean ring?" err || fail "the nearest class is not named"
refuses run/best.fovea "$SOURCE/README.md" --out no.png
refuses run/best.fovea "$shapes/circle/000.png" --method nonsense --out no.png
[ ! -e no.png ] || fail "a sheet of nothing"
