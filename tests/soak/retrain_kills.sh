#!/bin/sh
# retrain_kills.sh [KILLS] [BUILD]: `fovea retrain run` is killed (SIGKILL, by fail_io.so) before a call that changes a file,
# and run again, KILLS (100) times. The states of a job are: none yet, taken, collect, train, register, profile, gate, ended.
# Which calls belong to which is found by killing (a bisection: the states come in this order), and the kills are spread over
# each state's calls alike, the first and the last among them. Below 80 kills they are spread over all calls, whatever the
# state. Whenever it was: one job is done, by one run, there is one new version with its reference and one decision about it,
# its labels are all that came back, the registry is whole, and no folder is left.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
kills=${1:-100}
build=$(cd "${2:-$here/build/release}" && pwd)
fovea=$build/bin/fovea
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "retrain_kills: $1" >&2; cat out err >&2; exit 1; }
export OMP_NUM_THREADS=1
. "$here/tests/soak/retrain_scene"
retrain_scene first
run() { # workspace, then the environment
    folder=$1
    shift
    env "$@" "$fovea" retrain run --workspace "$folder" --workers 0 --json > out 2> err
}

# How many calls a job makes.
cp -r first trial
run trial LD_PRELOAD="$build/lib/fail_io.so" FAIL_IO=1000000000 FAIL_IO_COUNT="$work/count" || fail "an undisturbed job fails"
calls=$(cat count)
states="none taken collect train register profile gate ended"

# Killed before call $1; which state that met is in $state, its place in $place.
kill_at() {
    rm -rf trial
    cp -r first trial
    run trial LD_PRELOAD="$build/lib/fail_io.so" FAIL_IO=$1 FAIL_IO_ERROR=KILL 2> /dev/null || true
    "$fovea" retrain history --workspace trial --json > out 2> err || fail "no history after a kill at call $1"
    state=$(sed -n 's/.*"step":"\([a-z]*\)".*/\1/p' out)
    [ "$state" ] || state=taken
    grep -q '"job":' out || state=none
    ! grep -q '"state":"done"' out || state=ended
    place=0
    for name in $states; do
        [ "$name" != "$state" ] || break
        place=$((place + 1))
    done
}

check() { # $1: the call it was killed at
    run trial || fail "it does not go on after a kill at call $1"
    "$fovea" retrain history --workspace trial --json > out 2> err
    [ "$(grep -o '"state":"done"' out | wc -l)" = 1 ] || fail "not one job is done after a kill at call $1"
    [ "$(grep -o '"state":' out | wc -l)" = 1 ] || fail "another job was made after a kill at call $1"
    "$fovea" models show shapes/2 --workspace trial --json > out 2> err || fail "no new version after a kill at call $1"
    grep -q '"path":"profile.json"' out || fail "the new version has no reference after a kill at call $1"
    grep -q '"path":"labels.jsonl"' out || fail "the new version has no labels after a kill at call $1"
    ! "$fovea" models show shapes/3 --workspace trial > out 2> err || fail "two new versions after a kill at call $1"
    "$fovea" models show shapes --workspace trial --json > out 2> err
    [ "$(grep -o '"verb":"promote"' out | wc -l)" -le 2 ] || fail "two decisions after a kill at call $1"
    "$fovea" runs list --workspace trial --json > out 2> err || fail "no runs after a kill at call $1"
    [ "$(grep -o '"status":"finished","kind":"retrain"' out | wc -l)" = 1 ] ||
        fail "not one run is finished after a kill at call $1"
    [ "$(grep -o '"kind":"retrain"' out | wc -l)" = 1 ] || fail "a run without a version after a kill at call $1"
    "$fovea" registry fsck --workspace trial > out 2> err || fail "the registry is not whole after a kill at call $1"
    [ "$(ls trial/retrain)" = lock ] || fail "a folder is left after a kill at call $1"
    run trial || fail "it cannot be run once more after a kill at call $1"
    grep -q '"job":null,"state":"idle"' out || fail "it is not idle after a kill at call $1"
    grep -q ' 0 new labels' out || fail "a label is lost, or taken for new, after a kill at call $1"
}

met=
kill_and_check() {
    kill_at "$1"
    met="$met $state"
    check "$1"
}

if [ "$kills" -lt 80 ]; then
    for i in $(seq 1 "$kills"); do
        kill_and_check $((1 + calls * (i - 1) / (kills > 1 ? kills - 1 : 1)))
    done
    echo "killed $kills times among $calls calls, in states:$(echo "$met" | tr ' ' '\n' | sort | uniq -c | tr '\n' ' ')"
    exit
fi

# The first call of each state: below it the state is an earlier one.
firsts=1
below=0
for number in 1 2 3 4 5 6 7; do
    above=$((calls + 1))
    while [ $((above - below)) -gt 1 ]; do
        middle=$(((below + above) / 2))
        kill_at $middle
        if [ $place -ge $number ]; then above=$middle; else below=$middle; fi
    done
    firsts="$firsts $above"
done
set -- $firsts $((calls + 1))
done=0
for number in 0 1 2 3 4 5 6 7; do
    first=$1 last=$(($2 - 1)) these=$(((kills - done) / (8 - number)))
    shift
    [ $last -ge $first ] || last=$first # it ends by a call that comes after it
    for i in $(seq 1 $these); do kill_and_check $((first + (last - first) * (i - 1) / (these > 1 ? these - 1 : 1))); done
    done=$((done + these))
    echo "calls $first to $last: $these kills"
done
for name in $states; do
    case " $met " in *" $name "*) ;; *) fail "no kill met the state $name" ;; esac
done
echo "killed $kills times among $calls calls, in states:" $(echo "$met" | tr ' ' '\n' | sed '/^$/d' | sort | uniq -c)
