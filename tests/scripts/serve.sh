#!/bin/sh
# fovea serve: the wire, as clients of all kinds speak; the answers are those of fovea predict. serve_wire.py asks.
set -eu
command -v python3 > /dev/null || { echo "no python3: skipped"; exit 77; }
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "serve: $1" >&2; cat out err >&2; exit 1; }

for class in circle cross; do
    mkdir -p data/train/$class
    cp "$SOURCE"/examples/shapes/train/$class/00[0-9].png data/train/$class
done
"$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --no-track --out run \
    > out 2> err || fail "no model"
picture=$SOURCE/examples/shapes/test/circle/000.png
"$FOVEA" predict run/best.fovea "$picture" --json --explain maps > predicted || fail "no prediction"
"$FOVEA" explain run/best.fovea "$picture" --json --out sheet.png > explained || fail "no explanation"

. "$SOURCE/tests/scripts/serve_start"
stop() {
    kill -TERM "$server"
    got=0; wait "$server" || got=$?
    server=
    [ "$got" = 0 ] || fail "stopped with status $got"
}

# Everything on one server.
start run/best.fovea --name shapes --max-body 1000000 --cors https://lab.example
python3 "$SOURCE/tests/scripts/serve_wire.py" "$port" shapes "$picture" predicted || fail "the wire"
kill -HUP "$server"
stop
asked='"method":"POST","path":"/v1/models/shapes/predict","route":"predict","status":200,'
grep -q '^{"time":"[^"]*Z","id":"[0-9a-f]*","trace_id":"[0-9a-f]*",'"$asked" err || fail "no line of the log"
grep -q '"id":"order-7","trace_id":"0af7651916cd43dd8448eb211c80319c","parent_id":"b7ad6b7169203331"' err ||
    fail "the trace is lost"

# Who drips is cut off; the name is the file's stem.
start run/best.fovea --timeout 1 --log none
python3 "$SOURCE/tests/scripts/serve_wire.py" "$port" best "$picture" predicted slow || fail "a slow client"
stop
[ ! -s err ] || fail "a log that nobody asked for"

# No explanations where none are wanted.
start run/best.fovea --name shapes --explain-queue 0 --log none
python3 "$SOURCE/tests/scripts/serve_wire.py" "$port" shapes "$picture" predicted unexplained || fail "explained in spite of it"
stop

# What is refused before it starts.
refuses() { want=$1; shift; got=0; "$FOVEA" serve "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "status $got: $*"; }
refuses 1 run/best.fovea --port 0 --host 0.0.0.0
grep -q -- '--insecure' err || fail "no hint about --insecure"
refuses 2 run/best.fovea --workspace somewhere
refuses 2 --name shapes
refuses 1 nowhere.fovea --port 0
start run/best.fovea
refuses 1 run/best.fovea --port "$port"
grep -q 'somebody listens' err || fail "a port that is taken"
stop
