#!/bin/sh
# retrain_cron.sh [BUILD]: a real crontab entry under Debian's cron. `fovea retrain cron --install` writes the line for every
# minute into root's crontab, and the daemon runs it when the minute comes: labels that are new are trained on, once, the
# version is promoted, and the minute after has nothing to do. --remove takes the line out again; what stood in the crontab
# before stands there afterwards. Run as root on a machine where that may be done: it installs the package cron if it is not
# there, and starts the daemon if it does not run. Takes two or three minutes.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$here/build/release}" && pwd)
fovea=$build/bin/fovea
[ "$(id -u)" = 0 ] || { echo "retrain_cron: only root may install cron and start it" >&2; exit 1; }
work=$(mktemp -d)
daemon=
clean() {
    "$fovea" retrain cron --remove --workspace "$work/ws" > /dev/null 2>&1 || true
    [ -z "$daemon" ] || kill "$daemon" 2> /dev/null || true
    rm -rf "$work"
}
trap clean EXIT
cd "$work"
fail() { echo "retrain_cron: $1" >&2; cat out err ws/retrain.log >&2 2> /dev/null || true; exit 1; }
command -v cron > /dev/null || apt-get install -y --no-install-recommends cron > out 2> err || fail "cron cannot be installed"

. "$here/tests/soak/retrain_scene"
retrain_scene ws

crontab -l > before 2> /dev/null || : > before
"$fovea" retrain cron --install --every '* * * * *' --workspace ws > out 2> err || fail "the line is not installed"
crontab -l > during
[ "$(grep -c '# fovea retrain ' during)" = 1 ] || fail "the line is not in the crontab"
pgrep -x cron > /dev/null || { cron -f > cron.out 2>&1 & daemon=$!; }
echo "installed at $(date +%T): $(tail -n 1 during)"

jobs() { "$fovea" retrain history --workspace ws --json > out 2> err; }
waited=0
until jobs && grep -q '"state":"done"' out; do
    [ $waited -lt 120 ] || fail "cron did not run it within two minutes"
    sleep 1
    waited=$((waited + 1))
done
echo "done at $(date +%T), $waited seconds later: $(sed 's/.*\("verdict":.*"promoted":[a-z]*\).*/\1/' out)"
runs() { grep -c '^state ' ws/retrain.log; }
seen=$(runs)
until [ "$(runs)" -gt "$seen" ]; do # the minute after
    [ $waited -lt 240 ] || fail "cron did not run it again"
    sleep 1
    waited=$((waited + 1))
done
jobs
[ "$(grep -o '"job":' out | wc -l)" = 1 ] || fail "it was not done once"
grep -q '"verdict":"promoted","challenger":2,"champion":1,"promoted":true' out || fail "it was not promoted"
grep -q '^state *idle' ws/retrain.log || fail "the minute after did not find nothing to do"
"$fovea" retrain cron --remove --workspace ws > out 2> err || fail "the line is not removed"
crontab -l > after 2> /dev/null || : > after
cmp -s before after || fail "the crontab is not as it was"
echo "the minute after: nothing due; removed, and the crontab as it was"
