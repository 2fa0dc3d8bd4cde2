#!/bin/sh
# Fine-tuning: what it starts from, what it says; stopped or killed in any phase and resumed with other threads and workers, and
# without the file that it started from, it ends in the same bits; classes are added to a model that keeps its own.
set -eu
work=$(mktemp -d)
trap 'kill $running 2> /dev/null || true; rm -rf "$work"' EXIT
running=
cd "$work"
fail() { echo "finetune: $1" >&2; cat err >&2; exit 1; }
shapes=$SOURCE/examples/shapes
mkdir old new all
cp -r "$shapes/test/circle" "$shapes/test/square" "$shapes/test/ring" old
cp -r "$shapes/test/cross" new
cp -r "$shapes/test/cross" "$shapes/test/triangle" all
"$FOVEA" train --data old --arch "small_cnn width=4" --channels 1 --size 28 --epochs 8 --batch 16 --seed 2 --licence MIT \
    --learning-rate 0.1 --no-track --out base > /dev/null 2> err || fail "the model to start from cannot be trained"

cat > recipe.yaml << END
weights: weights.fovea
data: all
epochs: 12
batch: 8
seed: 1
head: random
head_epochs: 2
unfreeze_every: 3
layer_decay: 0.8
l2_sp: 0.01
ema_decay: 0.9
norms: batch
norm_pictures: 24
accumulate: 2
optimizer: adamw
licence: CC-BY-4.0
END
cp base/best.fovea weights.fovea
"$FOVEA" finetune recipe.yaml --no-track --out unbroken > /dev/null 2> err || fail "fine-tuning fails"
grep -q "^weights: weights.fovea" err || fail "it is not said what it starts from"
grep -q "^licence of weights: training data: MIT" err || fail "the licence of the weights is not said"
grep -q "^epoch 3: 2 of 4 blocks learn, from stage3 on" err || fail "it is not said that a block learns from now on"
grep -q "^  learning_rate: .* - " err || fail "a default is not said with its reason"
! grep -q "^  epochs:" err || fail "a key that was given is chosen again"
"$FOVEA" model show unbroken/best.fovea > shown 2> err || fail "the model cannot be looked at"
grep -q "^licence  *weights: training data: MIT" shown || fail "the licence of the weights is lost"
grep -q "^  *training data: CC-BY-4.0" shown || fail "the licence of the pictures is lost"
grep -q "^parent  *[0-9a-f]\{64\}" shown || fail "the parent is not recorded"

"$FOVEA" models register base base/best.fovea --workspace ws > /dev/null 2> err || fail "the parent cannot be registered"
"$FOVEA" models register tuned unbroken/best.fovea --workspace ws > /dev/null 2> err || fail "the child cannot be registered"
"$FOVEA" models show tuned/1 --workspace ws --json > shown 2> err || fail "the child cannot be shown"
grep -q '"parent":"base/1"' shown || fail "the version that it was made from is not found by its digest"

for how in "1 0" "2 3"; do
    "$FOVEA" finetune recipe.yaml --no-track --threads ${how% *} --workers ${how#* } --out same > /dev/null 2> err ||
        fail "fine-tuning fails with $how"
    for file in last.fovea best.fovea; do cmp unbroken/$file same/$file || fail "$file differs with threads, workers $how"; done
    rm -r same
done

# Stopped in the phase of epoch $2, by $1. The weights are gone from the second call on: the checkpoint has all of it.
stop_after() {
    "$FOVEA" finetune $3 --no-track --out broken > /dev/null 2> err &
    running=$!
    while [ "$(cat broken/results.csv 2> /dev/null | wc -l)" -le "$2" ] ||
        [ "$(cat broken/lock 2> /dev/null)" != "$running" ]; do
        kill -0 $running 2> /dev/null || fail "the training is over before it could be stopped"
        sleep 0.01
    done
    kill -"$1" $running
    wait $running || true
    running=
}
stop_after INT 1 recipe.yaml
mv weights.fovea gone.fovea
stop_after KILL 3 "--resume --threads 1 --workers 0 --checkpoint-every 0.001s"
"$FOVEA" train --resume --no-track --threads 2 --workers 2 --out broken > /dev/null 2> err || fail "resuming fails"
for file in last.fovea best.fovea; do cmp unbroken/$file broken/$file || fail "$file differs after stopping and resuming"; done
status=0
"$FOVEA" train --resume --no-track --out broken --weights gone.fovea > /dev/null 2> err || status=$?
[ $status = 1 ] && grep -q "^fovea train: weights is now" err || fail "other weights are taken with --resume"

# Three classes it had, one that comes; of the three there is no picture here.
"$FOVEA" finetune --weights base/best.fovea --data new --val all --keep-classes --no-track --out wrong > /dev/null 2> err &&
    fail "pictures of a class that the model has not are validated on"
cp -r old/. more 2> /dev/null || { mkdir more && cp -r old/. more; }
cp -r new/. more
"$FOVEA" finetune --weights base/best.fovea --data new --val more --keep-classes --no-track --epochs 6 --out added \
    > /dev/null 2> err || fail "a class cannot be added"
grep -q "^head: 3 of 4 classes from the weights' own rows" err || fail "it is not said which rows are kept"
"$FOVEA" predict base/best.fovea old --top 3 --logits > before 2> err || fail "the old model does not predict"
"$FOVEA" predict added/best.fovea old --top 4 --logits > after 2> err || fail "the new model does not predict"
sed 's/.*logits //' before > a
sed 's/.*logits //; s/ [^ ]*$//' after > b
cmp a b || fail "logits of old classes are others, though features and rows stay"

# Features computed once.
"$FOVEA" train --weights base/best.fovea --probe --data all --no-track --out probe > /dev/null 2> first || fail "no probe"
"$FOVEA" train --weights base/best.fovea --probe --data all --no-track --out probe > /dev/null 2> err || fail "no second probe"
grep -q "^features: 48 from probe/features_train.bin" err || fail "features are computed twice"
grep "top-1" first > a
grep "top-1" err > b
cmp a b || fail "kept features give other figures"
[ "$(grep -c "top-1" err)" = 2 ] || fail "the probe does not say two figures"
printf x >> probe/features_val.bin
"$FOVEA" train --weights base/best.fovea --probe --data all --no-track --out probe > /dev/null 2> err || fail "no third probe"
grep -q "^features: probe/features_val.bin is of other weights" err || fail "a damaged file of features is taken"

# What cannot be.
refuses() {
    status=0
    "$FOVEA" "$@" --no-track --out refused > /dev/null 2> err || status=$?
    [ $status != 0 ] || fail "taken: $*"
}
refuses finetune --data all
grep -q "weights are missing" err || fail "it is not said that weights are missing"
refuses train --data all --arch lenet --freeze 2
grep -q "freeze is given, but no weights" err || fail "a key without weights is passed over"
refuses finetune --weights base/best.fovea --data all --arch "small_cnn width=8"
grep -q "stage1.bn1.bias is f32\[4\], but small_cnn width=8 wants f32\[8\]" err || fail "another width is not named"
refuses finetune --weights base/best.fovea --data all --arch lenet
grep -q "which lenet has not" err || fail "a tensor that is left over is passed over"
refuses finetune --weights base/best.fovea --data all --head kept
grep -q "know no class of these data" err || fail "kept rows of no class"
[ ! -e refused ] || fail "a refused training leaves a folder"
