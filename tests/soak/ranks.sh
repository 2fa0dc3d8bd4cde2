#!/bin/sh
# ranks.sh [BUILD]: a training by several ranks under mpirun, run by hand (it takes minutes, and Open MPI: apt-get install
# openmpi-bin). Whatever is done to the ranks, the files are those of one: on 2, 3 and 4 of them; told to stop on one of them
# and gone on with by another number; killed; and one that hangs is named at its deadline.
set -eu
build=$(cd "${1:-build/release}" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
cd "$work"
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$work"' EXIT

# train RANKS FOLDER [OPTION…]
train() {
    ranks=$1 folder=$2
    shift 2
    set -- "$build/bin/fovea" train --data "$source/examples/shapes/test" --arch small_cnn --size 32,32 --batch 26 --seed 3 \
        --epochs 3 --out "$folder" --threads 1 "$@"
    if [ "$ranks" -gt 1 ]; then
        set -- mpirun --allow-run-as-root --oversubscribe -n "$ranks" "$@"
    fi
    "$@" > "$folder.log" 2>&1
}
hashes() { sha256sum "$1/best.fovea" "$1/last.fovea" | cut -c1-16 | paste -sd' '; }
row() { printf '%-44s %-34s %s\n' "$1" "$2" "$3"; }
expect() {
    have=$(hashes "$2")
    [ "$have" = "$want" ] || { row "$1" "$have" "differs from one rank: $want"; exit 1; }
    row "$1" "$have" same
}
# The process of rank $1 of those that write to folder $2.
process_of() {
    for p in $(pgrep -f -- "fovea train .*--out $2 "); do
        if tr '\0' '\n' < "/proc/$p/environ" 2> /dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then
            echo "$p"
        fi
    done
}
# Waits until the epoch $2 of folder $1 is in its log.
await_epoch() {
    for _ in $(seq 600); do
        if grep -qs "epoch  *$2 " "$1.log"; then return; fi
        sleep 0.1
    done
    echo "$1: no epoch $2"
    cat "$1.log"
    exit 1
}

row "what was done" "best.fovea, last.fovea" "as by one rank"
train 1 one
want=$(hashes one)
row "1 rank" "$want" ""
for ranks in 2 3 4; do
    train $ranks "of$ranks"
    expect "$ranks ranks" "of$ranks"
done

train 2 stopped &
await_epoch stopped 1
kill -TERM "$(process_of 1 stopped)"
status=0
wait $! || status=$?
[ "$status" -eq 75 ] || { echo "rank 1 of 2 was told to stop: exit status $status"; cat stopped.log; exit 1; }
grep -q "stopped in epoch" stopped.log
train 3 stopped --resume
expect "SIGTERM to rank 1 of 2, gone on with by 3" stopped

train 2 killed &
await_epoch killed 1
kill -KILL "$(process_of 1 killed)"
wait $! && { echo "a killed rank went unnoticed"; exit 1; }
train 1 killed --resume
expect "rank 1 of 2 killed, gone on with by 1" killed

train 2 hung --rank-deadline 3 &
await_epoch hung 1
kill -STOP "$(process_of 1 hung)"
status=0
wait $! || status=$?
grep -q "rank 1 of 2 did not come within 3 s" hung.log || status=unnamed
[ "$status" = 1 ] || { echo "a rank that hangs: $status"; cat hung.log; exit 1; }
train 2 hung --resume
expect "rank 1 of 2 hung, named; gone on with by 2" hung
