#!/bin/sh
# fovea export --onnx: what is written is compared with the model; both inputs; what cannot be is refused, with nothing written.
# Not under ThreadSanitizer: what it runs on threads, predict_many runs too.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "export_onnx: $1" >&2; cat err >&2; exit 1; }
cells=$SOURCE/examples/cells/test
for arch in "small_cnn width=4" "resnet18 width=4" lenet "speedrun width=4"; do
    "$FOVEA" train --data "$cells" --arch "$arch" --size 48 --epochs 1 --batch 32 --no-track --out run > /dev/null 2> err ||
        fail "no model of $arch"
    for flag in "" --preprocessing; do
        "$FOVEA" export run/best.fovea --onnx m.onnx $flag --json > out 2> err || fail "$arch $flag cannot be exported"
        grep -q '"compared":"logits of [1-3] self-test pictures"' out || fail "$arch $flag is not compared"
        grep -qE '"max_abs_diff":([0-9.]+e-[0-9]+|0[.0-9]*)' out || fail "$arch $flag differs: $(cat out)"
        grep -qa 'red_cell' m.onnx || fail "class names are not in it"
        rm m.onnx
    done
    rm -r run
done
"$FOVEA" train --data "$cells" --arch "small_cnn width=4" --size 48 --epochs 1 --batch 32 --no-track --out run \
    --transforms "resize size=48; autocontrast when=always; normalize" > /dev/null 2> err || fail "no model that contrasts"
if "$FOVEA" export run/best.fovea --onnx m.onnx --preprocessing > out 2> err; then fail "autocontrast is passed over"; fi
grep -q "autocontrast cannot be put into the graph" err || fail "it is not said which transform"
[ ! -e m.onnx ] || fail "a file is left"
