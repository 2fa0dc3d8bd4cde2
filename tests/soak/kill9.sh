#!/bin/sh
# kill9.sh [N] [FOVEA]: a short training is killed by SIGKILL at N random instants (100), each time in a run of its own, and
# resumed with other threads and workers: last.fovea and best.fovea are those of a training that was not. Every second run
# makes checkpoints within its epochs too. A second kill meets every third run while it is resumed. The instants are spread
# over a whole run, from before there is a folder to the report.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
count=${1:-100} fovea=${2:-$here/build/release/bin/fovea}
work=$(mktemp -d)
running=
trap '[ -z "$running" ] || kill -9 $running 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir -p data/ring data/cross
cp "$here"/examples/shapes/test/ring/0[01]*.png data/ring
cp "$here"/examples/shapes/test/cross/0[01]*.png data/cross
cat > recipe.yaml << END
data: data
arch: small_cnn width=4
channels: 1
size: [28, 28]
epochs: 20
batch: 8
seed: 1
ema_decay: 0.9
accumulate: 2
transforms:
  - random_crop: {size: 28, padding: 2}
  - mixup: {p: 0.3}
END
sums() { (cd "$1" && sha256sum last.fovea best.fovea && cut -d, -f1-6 results.csv); }

"$fovea" train recipe.yaml --out whole > /dev/null 2> err || { cat err >&2; exit 1; }
sums whole > wanted
started=$(date +%s%N)
"$fovea" train recipe.yaml --out timed > /dev/null 2>&1
length=$(($(date +%s%N) - started))

# A share of the whole run's time, from 0 to 1, in seconds: random, but the same in each call of this script.
instant() {
    awk -v n="$1" -v all="$count" -v whole="$length" 'BEGIN { srand(n); printf "%.4f", (n - 1 + rand()) / all * whole / 1e9 }'
}

# Starts or goes on with the training in `run` and kills it after $1 seconds, if it is not over by then.
kill_after() {
    seconds=$1
    shift
    "$fovea" train "$@" --out run > /dev/null 2> err &
    running=$!
    sleep "$seconds"
    kill -9 $running 2> /dev/null || true
    wait $running 2> /dev/null || true
    running=
}

# What goes on with what is there: --resume where there is a checkpoint, and else from the beginning.
go_on() { if ls run/*.fovea > /dev/null 2>&1; then echo --resume; else echo recipe.yaml; fi; }

same=0 met=0 twice=0
for n in $(seq "$count"); do
    rm -rf run
    kill_after "$(instant "$n")" recipe.yaml --checkpoint-every 0.0$((n % 2))s --threads $((n % 3 + 1)) --workers $((n % 4))
    [ -e run/report.html ] || met=$((met + 1))
    if [ $((n % 3)) = 0 ]; then
        twice=$((twice + 1))
        kill_after "$(instant "$((count + 1 - n))")" $(go_on) --threads $(((n + 1) % 3 + 1)) --workers $(((n + 1) % 4))
    fi
    "$fovea" train $(go_on) --out run --threads $(((n + 2) % 3 + 1)) --workers $(((n + 2) % 4)) > /dev/null 2> err ||
        { echo "kill $n: going on fails" >&2; cat err >&2; exit 1; }
    sums run > found
    cmp -s wanted found || { echo "kill $n: another result" >&2; diff wanted found >&2 || true; exit 1; }
    ! ls run/*.tmp* > /dev/null 2>&1 || { echo "kill $n: a temporary file is left" >&2; ls run >&2; exit 1; }
    same=$((same + 1))
done
echo "killed $count runs, $met of them before they were done, $twice once more: $same of $count ended in the same files"
