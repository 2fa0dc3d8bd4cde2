#!/bin/sh
# serve_log.sh [N] [BUILD]: a server whose answers wait for the prediction log, asked by three clients and told labels by a
# fourth, is killed by SIGKILL at N random instants (200), each time going on with the same folder: no prediction that was
# answered and no label that was acknowledged is lost, and nothing else than whole records is there.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
count=${1:-200} build=$(cd "${2:-$here/build/release}" && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
for class in circle cross; do
    mkdir -p data/$class
    cp "$here"/examples/shapes/train/$class/00[0-9].png data/$class
done
"$build/bin/fovea" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --no-track \
    --out run > said 2>&1
for n in $(seq "$count"); do
    "$build/bin/fovea" serve run/best.fovea --name m --port 0 --log none --prediction-log log --log-wait > out 2>> said &
    server=$!
    until grep -qs '^serving at' out; do kill -0 $server; sleep 0.02; done
    python3 "$here/tests/soak/serve_log.py" "$(sed -n 's/^serving at .*://p' out)" "$here/examples/shapes/test/circle/000.png" \
        >> answered & writer=$!
    sleep "$(awk -v n="$n" 'BEGIN { srand(n); printf "%.4f", 0.2 + rand() / 3 }')"
    kill -9 $server
    wait $server 2> /dev/null || true
    server=
    wait $writer
    rm -f out
done
"$build/bin/fovea" log export log --out log.jsonl --json > held
grep -q '"damaged_bytes":0' held
python3 - << 'END'
import json, sys
rows = {r["id"]: r for r in map(json.loads, open("log.jsonl"))}
answered = [line.split() for line in open("answered")]
asked = [a[1] for a in answered if a[0] == "asked"]
told = [a[1] for a in answered if a[0] == "told"]
lost = sum(i not in rows for i in asked) + sum(rows.get(i, {}).get("truth") != "circle" for i in told)
print("%d predictions and %d labels acknowledged, %d held, %d lost" % (len(asked), len(told), len(rows), lost))
sys.exit(lost > 0 or not asked or not told)
END
