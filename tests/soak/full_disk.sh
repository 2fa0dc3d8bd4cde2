#!/bin/sh
# full_disk.sh [STEP] [FOVEA]: a short training on disks of every size from one page to what it needs, in steps of STEP KiB
# (12): at whichever write the disk is full, the error says so and names a file of the run, no temporary file is left, what was
# whole before is whole after, and once there is room the training goes on to the same bits. Needs the right to mount a tmpfs;
# without it exit status 77.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
step=${1:-12} fovea=${2:-$here/build/release/bin/fovea}
work=$(mktemp -d)
disk=$work/disk
trap 'umount "$disk" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir -p data/ring data/cross disk
mount -t tmpfs -o size=64k none disk 2> /dev/null || { echo "no right to mount a tmpfs: skipped"; exit 77; }
umount disk
cp "$here"/examples/shapes/test/ring/00*.png data/ring
cp "$here"/examples/shapes/test/cross/00*.png data/cross
train() {
    "$fovea" train --no-track --data data --arch "small_cnn width=4" --channels 1 --size 8 --epochs 3 --batch 8 "$@" \
        > out 2> err
}
sums() { (cd "$1" && sha256sum last.fovea best.fovea predictions.jsonl && cut -d, -f1-6 results.csv); }
fail() { echo "full_disk: $1" >&2; cat err >&2; exit 1; }
train --out whole || fail "the training on a large disk fails"
sums whole > wanted

size=4 tried=0 models=0
while mount -t tmpfs -o size=${size}k none disk; do
    status=0
    train --out disk/run || status=$?
    [ $status != 0 ] || break
    tried=$((tried + 1))
    [ $status = 1 ] || fail "exit status $status with $size KiB"
    grep -q "^fovea train: .*disk/run.*No space left on device" err || fail "not told what is full, with $size KiB"
    ! find disk -name '*.tmp*' | grep -q . || fail "a temporary file is left with $size KiB"
    for model in disk/run/*.fovea; do
        [ -e "$model" ] || continue
        models=$((models + 1))
        "$fovea" plan "$model" > out 2> err || fail "$model is not whole, with $size KiB"
    done
    mount -o remount,size=64m disk
    resume=
    ! ls disk/run/*.fovea > /dev/null 2>&1 || resume=--resume
    train --out disk/run $resume || fail "it does not go on once there is room, with $size KiB"
    sums disk/run > found
    cmp -s wanted found || fail "another result, with $size KiB"
    umount disk
    size=$((size + step))
done
echo "full at $tried sizes of disk, from 4 KiB to $((size - step)) KiB, in steps of $step: $models model files left," \
    "all whole; all went on to the same files"
