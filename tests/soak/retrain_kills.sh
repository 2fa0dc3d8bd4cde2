#!/bin/sh
# retrain_kills.sh [KILLS] [BUILD]: `fovea retrain run` is killed (SIGKILL, by fail_io.so) before a call that changes a file,
# and run again: the calls are KILLS (100) of all that a job makes, spread evenly from its first to its last, so that every step
# is met: queued, collect, train, register, profile, gate, ended. Whenever it was: one job is done, there is one new version and
# one decision about it, its labels are all that came back, and no folder is left.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
kills=${1:-100} build=${2:-$here/build/release}
fovea=$build/bin/fovea
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "retrain_kills: $1" >&2; cat out err >&2; exit 1; }
export OMP_NUM_THREADS=1
for class in cross ring; do
    mkdir -p data/train/$class data/test/$class now/$class
    cp "$here"/examples/shapes/train/$class/00[0-5].png data/train/$class
    cp "$here"/examples/shapes/test/$class/00[0-3].png data/test/$class
    cp "$here"/examples/shapes/test/$class/01[0-3].png now/$class
done
printf 'epochs: 1\nbatch: 8\nchannels: 1\n' > recipe.yaml
"$fovea" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 8 --out run --workspace first \
    > out 2> err || fail "no first training"
"$fovea" models register shapes run --without-profile --workspace first > out 2> err || fail "no first version"
"$fovea" models promote shapes/1 --workspace first > out 2> err || fail "no first champion"
"$fovea" predict shapes@champion now --workspace first --log log --out a.csv > out 2> err || fail "no predictions"
"$fovea" log export log --out log.csv > out
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print "id,label"; next }
    { n = split($c["source"], part, "/"); print $c["id"] "," part[n - 1] }' log.csv > labels.csv
"$fovea" data label labels.csv --log log > out 2> err || fail "no labels"
cat > first/retrain.yaml << END
model: shapes
data: $work/data
log: $work/log
recipe: $work/recipe.yaml
on_drift: false
on_labels: 1
check_every: 3
margin: 1
new_margin: 1
slice_margin: 1
slower: 0
END
run() { # workspace, then the environment
    folder=$1
    shift
    env "$@" "$fovea" retrain run --workspace "$folder" --workers 0 --json > out 2> err
}

# How many calls a job makes.
cp -r first trial
run trial LD_PRELOAD="$build/lib/fail_io.so" FAIL_IO=1000000000 FAIL_IO_COUNT="$work/count" || fail "an undisturbed job fails"
low=$(cat count)

steps=
for i in $(seq 1 "$kills"); do
    at=$((1 + low * (i - 1) / (kills > 1 ? kills - 1 : 1)))
    rm -rf trial
    cp -r first trial
    run trial LD_PRELOAD="$build/lib/fail_io.so" FAIL_IO=$at FAIL_IO_ERROR=KILL 2> /dev/null || true
    "$fovea" retrain history --workspace trial --json > out 2> err || fail "no history after a kill at call $at"
    steps="$steps $(sed -n 's/.*"step":"\([a-z]*\)".*/\1/p' out)"
    run trial || fail "it does not go on after a kill at call $at"
    "$fovea" retrain history --workspace trial --json > out 2> err
    [ "$(grep -o '"state":"done"' out | wc -l)" = 1 ] || fail "not one job is done after a kill at call $at"
    [ "$(grep -o '"state":' out | wc -l)" = 1 ] || fail "another job was made after a kill at call $at"
    "$fovea" models show shapes/2 --workspace trial --json > out 2> err || fail "no new version after a kill at call $at"
    ! "$fovea" models show shapes/3 --workspace trial > out 2> err || fail "two new versions after a kill at call $at"
    "$fovea" models show shapes --workspace trial --json > out 2> err
    [ "$(grep -o '"verb":"promote"' out | wc -l)" -le 2 ] || fail "two decisions after a kill at call $at"
    [ "$(ls trial/retrain)" = lock ] || fail "a folder is left after a kill at call $at"
    run trial || fail "it cannot be run once more after a kill at call $at"
    grep -q '"job":null,"state":"idle"' out || fail "it is not idle after a kill at call $at"
    grep -q ' 0 new labels' out || fail "a label is lost, or taken for new, after a kill at call $at"
done
[ "$kills" -lt 100 ] || for step in collect train register profile gate; do
    echo "$steps" | grep -q $step || fail "no kill met the step $step"
done
echo "killed $kills times among $low calls, in steps:$(echo "$steps" | tr ' ' '\n' | sort | uniq -c | tr '\n' ' ')"
