#!/bin/sh
# fovea serve keeps a prediction log and takes labels for it, in a workspace with tokens; killed, it loses none that it
# acknowledged. serve_log.py asks.
set -eu
command -v python3 > /dev/null || { echo "no python3: skipped"; exit 77; }
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "serve_log: $1" >&2; cat out err >&2; exit 1; }

for class in circle cross; do
    mkdir -p data/train/$class
    cp "$SOURCE"/examples/shapes/train/$class/00[0-4].png data/train/$class
done
FOVEA_HOME=$work/ws
export FOVEA_HOME
"$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --log-pictures 1 \
    --out run > out 2> err &&
    "$FOVEA" models register shapes run > out 2> err || fail "no model"
for role in predict annotate read; do
    "$FOVEA" registry token create $role --role $role --json > out 2> err || fail "no token"
    sed -n 's/.*"token":"\([^"]*\)".*/\1/p' out > $role.token
done

. "$SOURCE/tests/scripts/serve_start"
asks() { python3 "$SOURCE/tests/scripts/serve_log.py" "$port" shapes "$SOURCE"/examples/shapes/test/circle/000.png "$@"; }

# Who may what, and what the log then holds.
start --log none
asks tokens . > ids || { cat ids; fail "roles, or feedback"; }
kill -TERM "$server"; wait "$server" || fail "it did not end well"; server=
"$FOVEA" log show ws/predictions --json > out 2> err || fail "no log"
grep -q '"predictions":6,"labels":5,"pictures":4,' out || fail "not what was asked and told, or its pictures (two were pixels)"
"$FOVEA" log export ws/predictions --out log.jsonl > out 2> err || fail "no export"
grep -q '"id":"mine".*"key":"gate 4".*"sketch":\[.*"truth":"circle".*"by":"annotate"' log.jsonl || fail "a record that was told"
"$FOVEA" drift check --model shapes --log ws/predictions --json > out 2> err || fail "drift cannot read it"
grep -q '"n":6' out || fail "drift sees other records"

# Killed in the midst of answers that wait for their records.
start --log none --log-wait
: > acknowledged
asks write predict.token >> acknowledged & writer=$!
until [ "$(wc -l < acknowledged)" -gt 20 ]; do kill -0 $writer || fail "the writer ended"; sleep 0.02; done
kill -9 "$server"; wait "$server" 2> /dev/null || true; server=
wait $writer || fail "it was answered wrongly"
"$FOVEA" log export ws/predictions --out after.jsonl > out 2> err || fail "no export after it was killed"
sed 's/^{"id":"\([^"]*\)".*/\1/' after.jsonl | sort > held
sort acknowledged | comm -23 - held > lost
picture=$(sed -n 's/.*"picture":"\([^"]*\)".*/\1/p' after.jsonl | sort -u) # they asked about one alone
cmp "$picture" "$SOURCE"/examples/shapes/test/circle/000.png || fail "the picture itself is not kept, or not once"
[ ! -s lost ] || fail "$(wc -l < lost) acknowledged records are lost"

# What is kept can be labelled and looked at.
"$FOVEA" data queue --log ws/predictions --model shapes --out queue --count 3 > out 2> err || fail "no queue of kept pictures"
cmp "$(ls queue/*.png | head -n 1)" "$SOURCE"/examples/shapes/test/circle/000.png || fail "the queue has another picture"
