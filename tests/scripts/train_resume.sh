#!/bin/sh
# A training that is stopped or killed (in the middle of an epoch, wherever the signal meets it) and resumed with other threads
# and workers ends in the same bits as one that was not.
set -eu
work=$(mktemp -d)
trap 'kill $running 2> /dev/null || true; rm -rf "$work"' EXIT
running=
cd "$work"
fail() { echo "train_resume: $1" >&2; cat err >&2; exit 1; }
cat > recipe.yaml << END
data: $SOURCE/examples/shapes/test
arch: lenet
channels: 1
size: [28, 28]
epochs: 20
batch: 16
seed: 1
ema_decay: 0.95
accumulate: 3
lookahead: every=5 kept=0.5
transforms:
  - random_crop: {size: 28, padding: 2}
  - mixup: {p: 0.3}
  - normalize: {mean: 0.5, std: 0.5}
END
flags=recipe.yaml
"$FOVEA" train $flags --out unbroken > /dev/null 2> err || fail "the unbroken training fails"

# Stops the run in $1 by signal $2 once it has $3 epochs, and wants 75; of KILL it knows nothing.
stop_after() {
    "$FOVEA" train $4 --out "$1" > /dev/null 2> err &
    running=$!
    # The lock says that it has begun, and hears signals: the rows may be of the process before.
    while [ "$(cat "$1/results.csv" 2> /dev/null | wc -l)" -le "$3" ] || [ "$(cat "$1/lock" 2> /dev/null)" != "$running" ]; do
        kill -0 $running 2> /dev/null || fail "the training is over before it could be stopped"
        sleep 0.02
    done
    kill -"$2" $running
    [ "$2" = KILL ] || { kill -TERM $running && kill -TERM $running; } 2> /dev/null || true # the same again, as it saves
    status=0
    wait $running || status=$?
    running=
    [ "$2" = KILL ] && return
    [ $status = 75 ] || fail "a stopped training exits with $status"
    grep -q "resume" err || fail "nothing is said of --resume"
}
stop_after broken INT 2 "$flags"
for wrong in "--checkpoint-every -1s" "--checkpoint-every soon" "--grace 0s"; do
    status=0
    "$FOVEA" train $flags --out unbroken $wrong > /dev/null 2> err || status=$?
    [ $status = 2 ] && grep -q -- "is no length of time" err || fail "$wrong is taken"
done
stop_after broken TERM 5 "--resume --threads 1 --workers 0"
stop_after broken USR1 7 "--resume --threads 2 --workers 2 --memory low"
stop_after broken KILL 9 "--resume --threads 2 --workers 1 --checkpoint-every 0.001s"
"$FOVEA" train --resume --threads 2 --workers 3 --out broken > /dev/null 2> err || fail "resuming fails"
grep -q "^memory: low " broken/recipe.yaml || fail "low memory, which touches no bit, is not kept from then on"
for file in last.fovea best.fovea; do cmp unbroken/$file broken/$file || fail "$file differs after stopping and resuming"; done
cut -d, -f1-6 unbroken/results.csv > a
cut -d, -f1-6 broken/results.csv > b
cmp a b || fail "results.csv differs"

# While one trains, no other may. Looking is free.
"$FOVEA" train $flags --out busy > /dev/null 2> err &
running=$!
while [ "$(cat busy/results.csv 2> /dev/null | wc -l)" -le 1 ]; do
    kill -0 $running 2> /dev/null || fail "the training is over before another could be begun"
    sleep 0.02
done
for command in "train --resume --out busy" "report busy"; do
    status=0
    "$FOVEA" $command > /dev/null 2> other || status=$?
    [ $status = 1 ] || fail "two may work in one folder: $command"
    grep -q "at work in busy: busy/lock is held by process $running" other || fail "it is not said who works: $(cat other)"
done
"$FOVEA" model show busy/best.fovea > /dev/null 2>> err || fail "a model cannot be looked at while its run trains"
kill -KILL $running
wait $running 2> /dev/null || true
running=
# The lock is gone with its process. Going on by other kernels, where somebody asks for it, is recorded.
if "$FOVEA" version | grep -q '^isa *portable$'; then
    "$FOVEA" train --resume --out busy > /dev/null 2> err || fail "a lock outlives its process"
else
    export FOVEA_ISA=portable
    stop_after busy TERM 3 "--resume --allow-other-isa"
    unset FOVEA_ISA
    grep -q "^isa: .* → portable$" err || fail "it is not said that the kernels are others"
    grep -q '"key":"isa","old":"[^"]*","new":"portable"}$' busy/changes.jsonl || fail "other kernels are not recorded"
fi

# Keys that change no step may be given anew: shown before it goes on, recorded, and the recipe says so from then on.
cp -r broken again
"$FOVEA" train --resume --out again --targets "top1>=0.1" > /dev/null 2> err || fail "other targets are refused"
grep -q "^targets: none → top1>=0.1$" err || fail "it is not said what is other"
grep -q '"key":"targets","old":null,"new":"top1>=0.1"}$' again/changes.jsonl || fail "what is other is not recorded"
grep -q '^targets: "top1>=0.1"' again/recipe.yaml || fail "the recipe is what it was"
status=0
"$FOVEA" train --resume --out again --epochs 40 > /dev/null 2> err || status=$?
[ $status = 1 ] || fail "other epochs under a cosine are not refused"
grep -q "epochs is now 40, but the run was begun with 20: by the schedule step" err || fail "it is not said which step differs"
status=0
"$FOVEA" train --resume --out again --time 1m > /dev/null 2> err || status=$?
[ $status = 2 ] && grep -q -- "--time chooses the epochs of a training that begins" err || fail "--time is taken with --resume"

# Resuming what is finished does nothing and says so.
"$FOVEA" train --resume --out broken > /dev/null 2> err || fail "resuming a finished training fails"
grep -q "finished" err || fail "a finished training is not called so"
cmp unbroken/last.fovea broken/last.fovea || fail "resuming a finished training changes it"

# Other kernels would give other bits: only who asks for it gets them.
if ! "$FOVEA" version | grep -q '^isa *portable$'; then
    status=0
    FOVEA_ISA=portable "$FOVEA" train --resume --out broken > /dev/null 2> err || status=$?
    [ $status = 1 ] || fail "other kernels are not refused"
    grep -q "allow-other-isa" err || fail "it is not said how to go on with other kernels"
    FOVEA_ISA=portable "$FOVEA" train --resume --allow-other-isa --out broken > /dev/null 2> err ||
        fail "--allow-other-isa fails"
fi

# Another recipe is refused by its key; a damaged last.fovea is passed over for the one before.
status=0
"$FOVEA" train --resume --out broken --batch 8 > /dev/null 2> err || status=$?
[ $status = 1 ] || fail "another batch size is not refused"
grep -q "batch is now \"8\", but the run was begun with \"16\"" err || fail "it is not said which key differs"
head -c 1000 broken/previous.fovea > broken/last.fovea
"$FOVEA" train --resume --out broken > /dev/null 2> err || fail "resuming from previous.fovea fails"
grep -q "going back to broken/previous.fovea" err || fail "going back is not said"
cmp unbroken/last.fovea broken/last.fovea || fail "the result differs after going back"
