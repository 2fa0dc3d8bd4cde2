#!/bin/sh
# fovea data show: sheets of pictures before and after their transforms; and the sheet of data scan.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "data_show: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
is_png() { [ "$(head -c 8 "$1" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] || fail "$1 is no PNG"; }
cells=$SOURCE/examples/cells

# Letters in a PNG are fontconfig's, which keeps what it read until the end.
echo leak:libfontconfig > suppressions
export LSAN_OPTIONS=suppressions=$work/suppressions:print_suppressions=0

status 0 "$FOVEA" data show "$cells" --transforms "$SOURCE/examples/recipes/cells.yaml" --pictures 3 --samples 4 \
    --out recipe.png
prints '^cells +15$'
is_png recipe.png
# One picture, one step: the same seed draws the same sheet, another one another.
one=$cells/test/white_cell/00011_00.jpg
status 0 "$FOVEA" data show "$one" --steps "rotate degrees=-30,30" --out a.png
prints '^cells +17$'
status 0 "$FOVEA" data show "$one" --steps "rotate degrees=-30,30; normalize mean=0.5 std=0.5" --out b.png
cmp a.png b.png || fail "normalize changes what is shown"
status 0 "$FOVEA" data show "$one" --steps "rotate degrees=-30,30" --out c.png --seed 1
! cmp -s a.png c.png || fail "another seed draws the same"
status 0 "$FOVEA" data show "$one" --steps "" --out plain.png
status 2 "$FOVEA" data show "$one" --out x.png
status 2 "$FOVEA" data show "$one" --steps "rotaet" --out x.png
grep -q 'did you mean "rotate"' err || fail "no nearest transform"
status 2 "$FOVEA" data show "$one" --steps hflip
printf 'epochs: 3\n' > none.yaml
status 2 "$FOVEA" data show "$one" --transforms none.yaml --out x.png
grep -q 'none.yaml names no transforms' err || fail "a recipe without transforms is not named"
[ ! -e x.png ] || fail "a failure leaves a file"
status 1 "$FOVEA" data show "$one" --steps hflip --out nowhere/x.png

# Steps that mix take partners from the data: other steps behind them draw another sheet, one picture alone has none.
shapes=$SOURCE/examples/shapes/test
status 0 "$FOVEA" data show "$shapes" --steps "cutmix alpha=1" --pictures 3 --samples 4 --out cutmix.png
prints '^cells +15$'
status 0 "$FOVEA" data show "$shapes" --steps "mixup alpha=1; normalize mean=0.5" --pictures 3 --samples 4 --out mixup.png
status 0 "$FOVEA" data show "$shapes" --steps "" --pictures 3 --samples 4 --out unmixed.png
! cmp -s cutmix.png mixup.png || fail "cutmix and mixup draw the same"
! cmp -s mixup.png unmixed.png || fail "mixup draws what is not mixed"
status 2 "$FOVEA" data show "$one" --steps mixup --out x.png
grep -q 'name a folder of several' err || fail "a picture alone is mixed"

mkdir -p data/train/a data/test/a
cp "$cells"/test/white_cell/0001*.jpg data/train/a
cp "$one" data/test/a/copy.jpg
status 0 "$FOVEA" data scan data --sheet scan.png
is_png scan.png
