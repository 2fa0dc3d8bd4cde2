#!/bin/sh
# In a narrow address space a training ends, at once and with an error, or does its work: at every limit from too little for
# its libraries to enough. OpenBLAS would ask for ever for what it is not given.
set -eu
[ -z "$FOVEA_SANITIZE" ] || { echo "a sanitizer takes all addresses for its shadow: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p data/ring data/cross
cp "$SOURCE"/examples/shapes/test/ring/00*.png data/ring
cp "$SOURCE"/examples/shapes/test/cross/00*.png data/cross
export OMP_NUM_THREADS=1
limit=100 failed=0 status=1
while [ $status != 0 ]; do
    rm -rf run
    status=0
    (ulimit -v $((limit * 1024)) && exec timeout 60 "$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 \
        --size 8 --epochs 1 --batch 4 --threads 2 --workers 1 --out run > out 2> err) || status=$?
    [ $status = 0 ] || [ $status = 1 ] || [ $limit -lt 120 ] ||
        { echo "faults_room: exit status $status with $limit MiB" >&2; cat err >&2; exit 1; }
    [ $status = 0 ] || failed=$((failed + 1))
    [ $status = 0 ] || [ $limit -lt 120 ] || grep -q "^fovea" err ||
        { echo "faults_room: no error with $limit MiB" >&2; exit 1; }
    ! ls run/*.tmp* > /dev/null 2>&1 ||
        { echo "faults_room: a temporary file is left with $limit MiB" >&2; exit 1; }
    limit=$((limit + 8))
done
[ $failed -gt 3 ] || { echo "faults_room: only $failed limits were too low" >&2; exit 1; }
echo "$failed limits below $((limit - 8)) MiB: an error each"
