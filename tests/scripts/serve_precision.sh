#!/bin/sh
# fovea serve --precision: answers by products in bf16 are those of fovea predict by the same, of every version that is loaded
# while it runs; refused where they would only be slower.
set -eu
command -v python3 > /dev/null || { echo "no python3: skipped"; exit 77; }
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "serve_precision: $1" >&2; cat out err >&2; exit 1; }
refuses() { got=0; timeout 60 "$FOVEA" serve "$@" --port 0 > out 2> err || got=$?; [ "$got" = 1 ] || fail "status $got: $*"; }

for class in circle cross; do
    mkdir -p data/train/$class
    cp "$SOURCE"/examples/shapes/train/$class/00[0-9].png data/train/$class
done
FOVEA_HOME=$work/ws
export FOVEA_HOME
for seed in 1 2; do
    "$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --seed $seed \
        --out run$seed > out 2> err || fail "no model"
done
picture=$SOURCE/examples/shapes/test/circle/000.png

# What cannot be, or would only be slower, is refused before it listens, with the reason and the way out.
( export FOVEA_ISA=portable && refuses run1/best.fovea --precision bf16_forced ) || exit 1
grep -q 'products in bf16 need AVX2 at least' err || fail "no reason for no products in bf16"
! "$FOVEA" version | grep -q '^isa *portable$' || exit 0
for source in run1/best.fovea "--workspace ws"; do
    ( export FOVEA_ISA=avx2 && refuses $source --precision bf16 ) || exit 1
    grep -q 'products in bf16 would only be slower: this CPU has no AVX-512 with bf16' err || fail "no reason for f32"
    grep -q 'bf16_forced takes bf16 all the same' err || fail "no way to force bf16"
done
( export FOVEA_KERNEL=conv2d:gemm,linear:gemm && refuses run1/best.fovea --precision bf16_forced ) || exit 1
grep -q 'would only be slower: no product of this network is faster with them; precision f32 is the fastest here' err ||
    fail "no reason of the network's, with its way out"

. "$SOURCE/tests/scripts/serve_start"
stop() {
    kill -TERM "$server"
    wait "$server" || fail "it did not end well"
    server=
}
# ask METHOD PATH [FILE]: what is answered, into `answer`.
ask() {
    python3 - "http://127.0.0.1:$port$2" "$1" "${3-}" > answer << 'END' || fail "$1 $2"
import sys, urllib.request
url, method, file = sys.argv[1:]
body = open(file, "rb").read() if file else None
print(urllib.request.urlopen(urllib.request.Request(url, data=body, method=method), timeout=60).read().decode())
END
}
tells() { grep -qE -- "$1" answer || { cat answer; fail "no $1"; }; }
# is_that_of VERSION MODEL: the answer's label and scores are those of predict, to the last bit, and near those of f32, whose
# label may be the other one of two that are nearly alike.
is_that_of() {
    ask POST /v1/models/shapes/predict "$picture"
    "$FOVEA" predict "$2" "$picture" --json --precision bf16_forced > rounded 2> err || fail "no prediction in bf16"
    "$FOVEA" predict "$2" "$picture" --json > exact 2> err || fail "no prediction"
    python3 - "$1" << 'END' || fail "the answer of version $1"
import json, sys
answer, rounded, exact = (json.load(open(name)) for name in ("answer", "rounded", "exact"))
assert answer["version"] == int(sys.argv[1]), answer
assert answer["precision"] == rounded["precision"] == "bf16_forced" and "precision" not in exact, answer
assert answer["label"] == rounded["label"], (answer, rounded)
assert answer["top"] == rounded["top"] and answer["score"] == rounded["score"], (answer, rounded)
assert 0 < abs(answer["score"] - exact["score"]) < 0.02, (answer, exact)
END
}

# A file; it is the next version when it has changed; and loaded anew by v2's repository.
cp run1/best.fovea served.fovea
start served.fovea --name shapes --precision bf16_forced
is_that_of 1 run1/best.fovea
ask GET /v1/models
tells '"digest":"[0-9a-f]{64}","precision":"bf16_forced",'
ask GET /v2/models/shapes/config
tells '"parameters":\{"precision":\{"string_value":"bf16_forced"\}\}'
ask GET /metrics
tells '^fovea_model_info\{model="shapes",version="1",precision="bf16_forced"\} 1$'
cp run2/best.fovea moved && mv moved served.fovea
kill -HUP "$server"
for i in $(seq 300); do ask GET /v1/models; grep -q '"version":2,"aliases":\[""\]' answer && break; sleep 0.1; done
is_that_of 2 run2/best.fovea
ask POST /v2/repository/models/shapes/unload
ask POST /v2/repository/models/shapes/load
is_that_of 2 run2/best.fovea
ask POST "/v1/models/shapes/predict?explain=gradcam" "$picture"
tells '"precision":"bf16_forced".*"explanation":\{"method":"gradcam"'
stop
grep -q '"model":"shapes","version":2,"pictures":1,"precision":"bf16_forced",' err || fail "the log does not say the precision"

# bf16 where the CPU has it.
if [ -z "${FOVEA_ISA-}" ] && grep -qw avx512_bf16 /proc/cpuinfo; then
    start run1/best.fovea --name shapes --precision bf16
    ask POST /v1/models/shapes/predict "$picture"
    tells '"precision":"bf16"'
    stop
fi

# By default nothing is said of it with an answer, and all is in f32.
start run1/best.fovea --name shapes
ask POST /v1/models/shapes/predict "$picture"
! grep -q precision answer || fail "the usual precision is said"
ask GET /v1/models
tells '"precision":"f32"'
stop
! grep -q precision err || fail "the log says the usual precision"

# An alias that moves.
"$FOVEA" models register shapes run1 > out 2> err && "$FOVEA" models register shapes run2 > out 2> err || fail "no versions"
"$FOVEA" models promote shapes/1 > out 2> err || fail "no champion"
start --precision bf16_forced --prediction-log none
for i in $(seq 300); do ask GET /v1/models; grep -q '"version":1,.*"state":"ready"' answer && break; sleep 0.1; done
is_that_of 1 shapes/1
"$FOVEA" models promote shapes/2 --force --reason test > out 2> err || fail "no other champion"
for i in $(seq 300); do ask POST /v1/models/shapes/predict "$picture"; grep -q '"version":2' answer && break; sleep 0.1; done
is_that_of 2 shapes/2
stop
