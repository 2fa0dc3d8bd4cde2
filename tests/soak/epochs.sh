#!/bin/sh
# epochs.sh [FOVEA] [EPOCHS]: resident memory over 1,000 epochs of a tiny set, with workers, mixing and a running average, stays
# flat: what it is after a tenth of the epochs it is at the end, within 2 MiB (the history of the epochs grows by some hundred
# bytes each). Run by hand; under a minute on two cores.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
fovea=${1:-$here/build/release/bin/fovea} epochs=${2:-1000}
work=$(mktemp -d)
running=
trap 'kill $running 2> /dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$work/data/ring" "$work/data/cross"
cp "$here"/examples/shapes/test/ring/00[0-9].png "$work/data/ring"
cp "$here"/examples/shapes/test/cross/00[0-9].png "$work/data/cross"
"$fovea" train --no-track --data "$work/data" \
    --arch "small_cnn width=4" --channels 1 --size 28 --epochs "$epochs" --batch 8 --ema 0.9 \
    --transforms "random_crop size=28 padding=2; rotate degrees=-10,10; mixup p=0.3" --workers 3 --out "$work/run" \
    > /dev/null 2> "$work/err" &
running=$!
early= late=
while now=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$running/status 2> /dev/null) && [ -n "$now" ]; do
    done=$(($(cat "$work/run/results.csv" 2> /dev/null | wc -l) - 1))
    [ -n "$early" ] || [ "$done" -lt $((epochs / 10)) ] || early=$now
    [ "$done" -ge "$epochs" ] || late=$now
    sleep 0.2
done
wait $running || { cat "$work/err" >&2; exit 1; }
running=
echo "resident after $((epochs / 10)) epochs: $early kB; at the end of $epochs: $late kB"
[ "$late" -le $((early + 2048)) ] || { echo "it grows" >&2; exit 1; }
