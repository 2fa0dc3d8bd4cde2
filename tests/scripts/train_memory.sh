#!/bin/sh
# The memory that a training says it takes before its first step bounds what it takes: resident memory at its highest is at
# most 1.1 times that, of a network small beside the program and of one large beside it, with workers and a running average.
set -eu
[ -z "${FOVEA_SANITIZE:-}" ] || { echo "a sanitizer's memory says nothing of ours"; exit 77; }
work=$(mktemp -d)
running=
trap 'kill $running 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "train_memory: $1" >&2; cat err >&2; exit 1; }

# Trains with these flags; the kernel's high-water mark is read while it runs, and stands once all plans have run.
check() {
    rm -rf run
    "$FOVEA" train --data "$SOURCE/examples/shapes/test" --channels 3 --epochs 2 --batch 16 --seed 1 --out run "$@" \
        > /dev/null 2> err &
    running=$! peak=0
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$running/status 2> /dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.02
    done
    wait $running || fail "training fails"
    running=
    said=$(sed -n 's/^memory: at most \([0-9]*\) MiB.*/\1/p' err)
    [ -n "$said" ] || fail "no memory is said"
    echo "said $said MiB, took $((peak / 1024)) MiB: $*"
    [ $((peak * 10)) -le $((said * 1024 * 11)) ] || fail "more than 1.1 times what was said"
    [ $((peak * 3)) -ge $((said * 1024)) ] || fail "less than a third of what was said: nothing is known by it"
}
check --arch lenet --size 28 --workers 0 --channels 1
check --arch resnet18_cifar --size 32 --workers 3 --ema 0.99 --optimizer adamw
