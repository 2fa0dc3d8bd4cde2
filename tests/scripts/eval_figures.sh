#!/bin/sh
# What eval says of a model: the figures in JSON agree with each other, tables for people, metrics asked for by name.
# Not under ThreadSanitizer: evaluates as train_contract does.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "eval_figures: $1" >&2; cat out err >&2; exit 1; }
# status N COMMAND…: it exits with N; its output is in out and err.
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
# value KEY: the number or null that the JSON in out has for it, the first of them.
value() { grep -oE "\"$1\":(-?[0-9.e-]+|null)" out | head -1 | cut -d: -f2; }

# Three classes, 12 to train on and 4 to test, and one epoch: the answers are mixed.
for class in circle cross square; do
    mkdir -p data/train/$class data/test/$class
    for i in 0 1; do cp "$SOURCE"/examples/shapes/train/$class/0$i[0-5].png data/train/$class; done
    cp "$SOURCE"/examples/shapes/test/$class/00[0-3].png data/test/$class
done
status 0 "$FOVEA" train --data data --arch small_cnn --channels 1 --size 28 --epochs 1 --batch 16 --seed 3 --out run

# Three classes: top-5 is left out, not an error. Top-1 is the trace of the matrix over its sum.
status 0 "$FOVEA" eval run/best.fovea --data data --json --metrics "top_k; f1 average=micro; roc_auc multi_class=ovo"
n='-?[0-9.e-]+'
prints "\"top1_low\":$n,\"top1_high\":$n,\"balanced_accuracy\":$n,\"balanced_accuracy_low\":($n|null),"
prints "\"macro_f1\":$n,\"macro_f1_low\":($n|null),\"macro_f1_high\":($n|null),\"per_class\":"
prints "\"per_class\":\[\{\"class\":\"circle\",\"precision\":($n|null),\"recall\":$n,\"f1\":$n,\"support\":4\},\{"
prints '"confusion":\[\[[0-9]+,[0-9]+,[0-9]+\],\[[0-9]+,[0-9]+,[0-9]+\],\[[0-9]+,[0-9]+,[0-9]+\]\]'
prints "\"metrics\":\[\{\"metric\":\"top_k\",\"value\":1\},\{\"metric\":\"f1 average=micro\",\"value\":$n\},\{"
! grep -q '"top5"' out || fail "top-5 of three classes"
grep -oE '"confusion":\[[^"]*\]' out | tr -dc '0-9,' > counts
IFS=, read -r a b c d e f g h i < counts || true
awk -v top1="$(value top1)" -v low="$(value top1_low)" -v high="$(value top1_high)" -v balanced="$(value balanced_accuracy)" \
    -v right=$((a + e + i)) -v all=$((a + b + c + d + e + f + g + h + i)) '
    function near(x, y) { return x - y < 1e-12 && y - x < 1e-12 }
    BEGIN { exit !(all == 12 && near(top1, right / all) && near(balanced, top1) && low <= top1 && top1 <= high) }' ||
    fail "the figures do not agree"
[ "$((a + b + c)) $((d + e + f)) $((g + h + i))" = "4 4 4" ] || fail "rows are not the truth"
mv out first
status 0 "$FOVEA" eval run/best.fovea --data data --json --threads 1 --workers 0 --metrics \
    "top_k; f1 average=micro; roc_auc multi_class=ovo"
cmp first out || fail "another number of threads gives other figures"

status 0 "$FOVEA" eval run/best.fovea --data data --metrics "roc_auc"
prints '^top1 +[0-9.]+ \(95 %: [0-9.]+ to [0-9.]+\)$'
prints '^roc_auc +[0-9.]+$'
prints '^class +precision +recall +f1 +support$'
prints '^circle +([0-9]\.[0-9]{4}|-) +[0-9]\.[0-9]{4} +[0-9]\.[0-9]{4} +4$'
prints '^most often confused:$'
prints '^[a-z]+ taken for [a-z]+: [0-9] of 4 \([0-9.]+ %\)$'

status 0 "$FOVEA" eval run/best.fovea --data data --metrics "log_loss" --intervals --json
prints "\"metrics\":\[\{\"metric\":\"log_loss\",\"value\":$n,\"low\":$n,\"high\":$n\}\]"

# By kernels chosen for the batch the last digits may be others; the figures are near, and the precision is said of both.
near() {
    awk -v a="$(value loss)" -v b="$loss" -v bound="$1" 'BEGIN { exit !(a - b < bound && b - a < bound) }' ||
        fail "another loss"
    [ "$(value top1)" = "$top1" ] || fail "another top-1"
}
status 0 "$FOVEA" eval run/best.fovea --data data --json
prints '"part":"test","precision":"f32","n":12,'
loss=$(value loss) top1=$(value top1)
status 0 "$FOVEA" eval run/best.fovea --data data --json --fast-batch --batch 5
prints '"part":"test","precision":"f32","n":12,'
near 1e-4

# By products in bf16: said with the figures; refused where they would only be slower.
if ! "$FOVEA" version | grep -q '^isa *portable$'; then
    status 0 "$FOVEA" eval run/best.fovea --data data --json --precision bf16_forced
    prints '"part":"test","precision":"bf16_forced","n":12,'
    near 0.01
    [ "$(value loss)" != "$loss" ] || fail "nothing was rounded"
    status 0 "$FOVEA" eval run/best.fovea --data data --precision bf16_forced
    prints '^precision +bf16_forced$'
    ( export FOVEA_ISA=avx2 && status 1 "$FOVEA" eval run/best.fovea --data data --precision bf16 ) || exit 1
    says "would only be slower: this CPU has no AVX-512 with bf16"
fi
( export FOVEA_ISA=portable && status 1 "$FOVEA" eval run/best.fovea --data data --precision bf16_forced ) || exit 1
says "products in bf16 need AVX2 at least"

# A class that the test has no pictures of: undefined, not 0.
rm -r data/test/square
status 0 "$FOVEA" eval run/best.fovea --data data --json --metrics "roc_auc; roc_auc skip_absent=true"
prints '"class":"square","precision":(0|null),"recall":null,'
prints '\{"metric":"roc_auc","value":null,"undefined":"a class has no samples, or all of them"\}'

# What cannot be measured is said before the pictures are read.
status 2 "$FOVEA" eval run/best.fovea --data nowhere --metrics "top1; rok_auc"
says 'did you mean "roc_auc"'
status 2 "$FOVEA" eval run/best.fovea --data nowhere --metrics "f1 class=3"
says "there is no class 3"
status 2 "$FOVEA" eval run/best.fovea --data nowhere --metrics "rmse"
says "the metric rmse is defined for numbers, not for one class a sample"

# More classes than a table holds: the ten with the lowest F1, names of any letters in one column.
for i in $(seq 10 30); do
    mkdir -p many/train/ü$i many/test/ü$i
    cp "$SOURCE"/examples/shapes/train/circle/00[0-1].png many/train/ü$i
    cp "$SOURCE"/examples/shapes/test/circle/000.png many/test/ü$i
done
status 0 "$FOVEA" train --data many --arch lenet --channels 1 --size 28 --epochs 1 --batch 16 --seed 3 --out many_run
status 0 "$FOVEA" eval many_run/best.fovea --data many
prints '^the 10 of 21 classes with the lowest F1:$'
[ "$(grep -cE '^ü[0-9]+   +(-|[0-9]\.[0-9]{4}) ' out)" = 10 ] || fail "not ten rows"
