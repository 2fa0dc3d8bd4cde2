#!/bin/sh
# serve_loads.sh [N] [BUILD]: a model is unloaded and loaded N times (10000) by order: resident memory stays within 2 MiB.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
count=${1:-10000} build=${2:-$here/build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/bin/fovea" train --data "$here/examples/shapes/test" --arch lenet --channels 1 --epochs 1 --no-track --out "$work/run" \
    > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$build/bin/serve_load" loads "$count" "$work/run/best.fovea"
