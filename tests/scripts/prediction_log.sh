#!/bin/sh
# fovea predict --log and fovea log: records of predictions, the same answers with and without, and a writer that is killed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "prediction_log: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }

for class in circle cross; do
    mkdir -p data/train/$class data/test/$class
    cp "$SOURCE"/examples/shapes/train/$class/00[0-9].png data/train/$class
    cp "$SOURCE"/examples/shapes/test/$class/00[0-3].png data/test/$class
done
echo "no picture" > data/test/cross/bad.png
status 0 "$FOVEA" train --data data/train --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --out run
model=run/best.fovea

status 1 "$FOVEA" predict $model data/test --json
cp out plain
status 1 "$FOVEA" predict $model data/test --json --log log --key bench
cmp out plain || fail "an answer is another when it is logged"
status 0 "$FOVEA" predict $model data/test/circle --log log --log-name other
status 0 "$FOVEA" log show log --json
prints '"files":1,"predictions":12,"labels":0,'
prints '"torn_bytes":0,"damaged_bytes":0'
status 0 "$FOVEA" log export log --out log.jsonl
[ "$(wc -l < log.jsonl)" = 12 ] || fail "not a line a prediction"
[ "$(grep -c '"model":"best","digest":"[0-9a-f]\{64\}","key":"bench","source":"/.*data/' log.jsonl)" = 8 ] || fail "no key"
[ "$(grep -c '"model":"other"' log.jsonl)" = 4 ] || fail "--log-name"
[ "$(grep -c '"sketch":\[' log.jsonl)" = 12 ] || fail "no sketch of the features"
[ "$(grep -c '"properties":{"aspect_ratio":1,"area":784,' log.jsonl)" = 12 ] || fail "no properties"
status 0 "$FOVEA" log export log --out log.csv
[ "$(wc -l < log.csv)" = 13 ] || fail "not a row a prediction"
status 2 "$FOVEA" log export log --out log.xml
status 1 "$FOVEA" log show nowhere
[ ! -e nowhere ] || fail "a log was made where one was only looked at"

# While another process writes to it, it is refused to a second one and read all the same.
"$BUILD"/bin/log_writer kept 67108864 > acknowledged &
writer=$!
until [ -s acknowledged ]; do sleep 0.05; done
status 1 "$FOVEA" predict $model data/test/circle --log kept
grep -q 'one process at a time' err || fail "the hint is missing"
status 0 "$FOVEA" log show kept
kill -9 $writer
wait $writer 2> /dev/null || true
"$SOURCE"/tests/soak/prediction_log.sh 5 "$BUILD" > out 2> err || fail "something was lost"
