#!/bin/sh
# prediction_log.sh [N] [BUILD]: a writer of the prediction log, three threads strong, is killed by SIGKILL at N random instants
# (200), each time going on with the same folder: every prediction that was acknowledged is in the log at the end, and nothing
# else than whole records is. Every second time the instant is one after its first acknowledgement, however slow the machine is.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
count=${1:-200} build=${2:-$here/build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: > "$work/acknowledged"
for n in $(seq "$count"); do
    "$build/bin/log_writer" "$work/log" 1073741824 >> "$work/acknowledged" &
    writer=$!
    before=$(wc -c < "$work/acknowledged")
    [ $((n % 2)) = 1 ] || while [ "$(wc -c < "$work/acknowledged")" = "$before" ] && kill -0 $writer; do sleep 0.01; done
    sleep "$(awk -v n="$n" 'BEGIN { srand(n); printf "%.4f", 0.005 + rand() / 8 }')"
    kill -9 $writer
    wait $writer 2> /dev/null || true
done
"$build/bin/fovea" log export "$work/log" --out "$work/log.jsonl" --json > "$work/said"
grep -q '"damaged_bytes":0' "$work/said"
sed 's/^{"id":"\([0-9a-f]*\)".*/\1/' "$work/log.jsonl" | sort > "$work/held"
# A line that was cut by the kill was not said to anybody.
grep -E '^[0-9a-f]{32}$' "$work/acknowledged" | sort > "$work/promised"
lost=$(comm -23 "$work/promised" "$work/held" | wc -l)
twice=$(uniq -d "$work/held" | wc -l)
echo "$count kills, $(wc -l < "$work/promised") acknowledged, $(wc -l < "$work/held") held, $lost lost, $twice twice"
[ "$lost" -eq 0 ] && [ "$twice" -eq 0 ] && [ "$(wc -l < "$work/promised")" -ge $((count / 2)) ]
