#!/bin/sh
# serve_swaps.sh [N] [BUILD]: an alias is moved to and fro between two versions N times (1000) while eight threads ask: no
# answer is lost, and each has the bits that `fovea predict` gives for the version that it says it is from.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
count=${1:-1000} build=${2:-$here/build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed in 1 2; do
    "$build/bin/fovea" train --data "$here/examples/shapes/test" --arch lenet --channels 1 --epochs 1 --seed $seed --no-track \
        --out "$work/$seed" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
done
"$build/bin/serve_load" swaps "$count" 8 "$work/workspace" "$work/1/best.fovea" "$work/2/best.fovea" \
    "$here"/examples/shapes/test/*/00[0-5].png
