#!/bin/sh
# Libraries that are loaded when they are needed: the program starts without them, and says which is missing when it comes to
# that.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "libraries: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
says() { grep -q -- "$1" out err || fail "does not say: $1"; }

# As they are called here: a version is part of a name.
mkdir broken
for library in cairo curl microhttpd tiff; do
    name=$(grep -aoE "lib$library\.so\.[0-9]+" "$FOVEA" | sort -u)
    [ "$(echo "$name" | wc -w)" = 1 ] || fail "names of $library: $name"
    echo "no library" > "broken/$name"
done
export LD_LIBRARY_PATH=$PWD/broken

# An HDF5 that is not linked statically brings its own libcurl.
"$FOVEA" version > out 2> err || { grep -q libcurl err && exit 77; }
status 0 "$FOVEA" version
mkdir pictures
cp "$SOURCE"/examples/shapes/test/circle/00[01].png "$SOURCE"/tests/data/files/tiff/grey1.tif pictures
status 0 "$FOVEA" data scan pictures
says 'grey1.tif: libtiff.so.[0-9]* (of libtiff[0-9]*) cannot be used: .*libtiff.so'
status 1 "$FOVEA" data show pictures/000.png --steps hflip --out sheet.png
says 'libcairo.so.[0-9]* (of libcairo2) cannot be used: .*libcairo.so'
says 'on Debian: apt-get install libcairo2'
[ ! -e sheet.png ] || fail "a failure leaves a file"

# A training needs none of them: its report has small pictures as PNG and charts as SVG. Nor do explanations.
status 0 "$FOVEA" train --data "$SOURCE/examples/shapes" --arch "small_cnn width=4" --channels 1 --epochs 1 --no-track --out run
grep -q 'data:image/png;base64,' run/report.html || fail "the report has no small pictures"
status 0 "$FOVEA" predict run/best.fovea pictures/000.png --explain overlays
[ -s overlays/*_000.png ] || fail "no overlay"

status 1 "$FOVEA" serve --workspace workspace --port 0
says 'libmicrohttpd.so.[0-9]* (of libmicrohttpd12) cannot be used: .*libmicrohttpd.so'
says 'on Debian: apt-get install libmicrohttpd12'
status 1 "$FOVEA" data fetch http://127.0.0.1:1/file.bin
says 'libcurl.so.[0-9]* (of libcurl4) cannot be used: .*libcurl.so'
