#!/bin/sh
# An alarm is told: signed, tried again, once; a command gets it; what is worth a label is queued, labelled, and told back.
set -eu
work=$(mktemp -d)
trap 'kill $sink 2> /dev/null || true; rm -rf "$work"' EXIT
sink=
cd "$work"
fail() { echo "drift_alarm: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }

for class in circle cross ring; do
    mkdir -p data/$class dark/$class
    cp "$SOURCE"/examples/shapes/train/$class/00[0-9].png "$SOURCE"/examples/shapes/train/$class/01[0-9].png data/$class
    for i in 0 1 2 3 4 5 6 7 8 9; do cp "$SOURCE"/tests/data/files/grey.png dark/$class/$i.png; done
done
status 0 "$FOVEA" train --data data --arch "small_cnn width=2" --channels 1 --size 28 --epochs 1 --batch 20 --out run
status 0 "$FOVEA" drift profile run/best.fovea --data data
status 0 "$FOVEA" predict run/best.fovea dark --log log --out a.csv

# ---- the webhook: refused twice, then taken; the same alarm is not told again ----
secret=0123456789abcdefghij
echo $secret > secret
"$BUILD"/bin/webhook_sink port $secret 2 3 > heard &
sink=$!
while [ ! -s port ]; do sleep 0.05; done
check() { "$FOVEA" drift check --model run/best.fovea --log log --least 20 --told told --json "$@"; }
status 0 check --webhook "http://127.0.0.1:$(cat port)/hook" --webhook-secret secret --webhook-wait 0.01
grep -q '1 alarms were told' err || fail "nothing is said of the alarm"
wait $sink
sink=
[ "$(grep -c '^503 signed' heard)" = 2 ] || fail "it was not tried again: $(cut -c1-40 heard)"
grep -q '^200 signed {"event":"drift.alarm","id":"[^"]*","raised":\["whole"\],"check":{"drift":true,"statistics":\[' heard ||
    fail "another message: $(cut -c1-200 heard)"
status 0 check --webhook "http://127.0.0.1:$(cat port)/hook" --webhook-attempts 1 # told already: nobody is asked
rm told
status 1 check --webhook "http://127.0.0.1:$(cat port)/hook" --webhook-attempts 2 --webhook-wait 0.01
grep -q 'the webhook, attempt 2' err || fail "it is not said that nobody answers"
[ ! -e told ] || fail "an alarm that was not told is remembered as if"
mkdir broken
echo "no library" > broken/libcurl.so.4
LD_LIBRARY_PATH=$PWD/broken status 1 check --webhook http://127.0.0.1:1/
grep -q 'libcurl.so.4 (of libcurl4) cannot be used' err && grep -q 'apt-get install libcurl4' err ||
    fail "it is not said what webhooks need"
[ ! -e told ] || fail "an alarm that could not be told is remembered as if"
status 2 check --webhook-secret secret
echo short > weak
status 1 check --webhook http://127.0.0.1:1/ --webhook-secret weak

# ---- the command ----
status 0 check --on-alarm 'cat > message'
grep -q '"raised":\["whole"\]' message || fail "the command got no message"
rm told
status 1 check --on-alarm 'exit 7'
grep -q 'ended with status 7' err || fail "a command that fails is not told"

# ---- the queue, and back ----
status 0 "$FOVEA" data queue --log log --model run/best.fovea --out queue --count 9 --json
prints '"queued":9,"candidates":30,"labelled":0,"gone":0'
[ "$(ls queue | wc -l)" = 10 ] || fail "the folder holds something else"
awk -F, 'NR == 1 { print } NR > 1 { print $1 ",circle,,,,," }' queue/queue.csv > filled.csv
status 0 "$FOVEA" data label filled.csv --log log --json
prints '"labelled":9,"refused":0'
status 1 "$FOVEA" data queue --log log --model run/best.fovea --out queue
status 0 "$FOVEA" data queue --log log --out again --by uncertain --copy --count 100 --json
prints '"queued":21,"candidates":21,"labelled":9,'
