#!/bin/sh
# Several labels and numbers on the command line: the columns and lines of a training, the figures of eval, the answers of
# predict in each form, gone on with; what does not go together is refused.
# Not under ThreadSanitizer: trains and predicts as train_contract does.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "targets: $1" >&2; cat out err >&2; exit 1; }
# status N COMMAND…: it exits with N; its output is in out and err.
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }

# Circles and squares on their own and side by side: a picture is of none, one or both; its number is how many and a half.
shapes=$SOURCE/examples/shapes/train
echo 'path,labels' > labels.csv
echo 'path,amount' > numbers.csv
for i in 0 1 2 3 4 5 6 7; do
    cp "$shapes"/circle/00$i.png c$i.png && cp "$shapes"/square/00$i.png s$i.png && cp "$shapes"/cross/00$i.png x$i.png
    printf '%s\n' "c$i.png,circle|round" "s$i.png,square" "x$i.png," >> labels.csv
    printf '%s\n' "c$i.png,1.5" "s$i.png,2.5" "x$i.png,0.5" >> numbers.csv
done
train="$FOVEA train --arch small_cnn --channels 1 --size 28 --epochs 2 --batch 8 --seed 3"

status 0 $train --data labels.csv --source-options "separator=|" --class-weights balanced --out labels
says '3 classes, any number of them each'
says 'pictures are of none'
says 'count in the loss by pos_weight='
says 'on binary_cross_entropy'
prints '^epoch +1 .*val loss [0-9.]+ average_precision [0-9.]+ '
prints '^average_precision +[0-9.]+$'
[ "$(head -1 labels/results.csv)" = epoch,learning_rate,train_loss,val_loss,val_average_precision,seconds ] ||
    fail "the columns of results.csv"
status 0 "$FOVEA" eval labels/best.fovea --data labels.csv --source-options "separator=|" --json --metrics "roc_auc"
n='-?[0-9.e-]+'
prints "\"n\":24,\"average_precision\":$n,\"loss\":$n,\"classes\":\[\"circle\",\"round\",\"square\"\],\"average_pre"
prints "\"micro_f1\":$n,.*\"macro_f1\":$n,.*\"subset_accuracy\":$n,.*\"hamming_loss\":$n,"
prints "\"per_class\":\[\{\"class\":\"circle\",\"precision\":($n|null),\"recall\":$n,"
prints "\"f1\":$n,\"average_precision\":$n,\"support\":8\},"
status 0 "$FOVEA" eval labels/best.fovea --data labels.csv --source-options "separator=|" --tta mirror_shift
prints '^class +precision +recall +f1 +AP +support$'
status 0 "$FOVEA" predict labels/best.fovea c0.png x0.png --json --threshold 0.000001
prints '"labels":\["[a-z]+","[a-z]+","[a-z]+"\],"top":\[\{"label":"[a-z]+","score":0'
status 0 "$FOVEA" predict labels/best.fovea c0.png --threshold 1
prints "^c0.png	-	[a-z]+ 0\.[0-9]{4}	[a-z]+ 0\.[0-9]{4}	[a-z]+ 0\.[0-9]{4}$"
status 0 "$FOVEA" predict labels/best.fovea c0.png --out some.csv
status 0 "$FOVEA" predict labels/best.fovea c0.png s0.png x0.png --out some.csv --resume
status 0 "$FOVEA" predict labels/best.fovea c0.png s0.png x0.png --out all.csv
cmp some.csv all.csv || fail "what was gone on with is not what is done at once"
[ "$(head -1 all.csv)" = path,labels,score_circle,score_round,score_square,error,model_hash ] || fail "the columns of labels"

status 0 $train --data numbers.csv --source-options target=number --out numbers
says 'numbers to train on: from 0.5 to 2.5, mean 1.'
says 'on mse'
prints '^r2 +-?[0-9.]+'
status 0 "$FOVEA" eval numbers/best.fovea --data numbers.csv --source-options target=number --json
prints "\"n\":24,\"r2\":$n,\"loss\":$n,\"r2_low\":$n,\"r2_high\":$n,\"mae\":$n,.*\"rmse\":$n,"
! grep -q '"classes"' out || fail "numbers have no classes"
status 0 "$FOVEA" predict numbers/best.fovea c0.png --json --logits
prints "^\{\"path\":\"c0.png\",\"number\":$n,\"logits\":\[$n\],\"model_hash\":\"[0-9a-f]{12}\"\}$"
status 0 "$FOVEA" model show numbers/best.fovea
prints '^rmse +[0-9.]+'
status 0 $train --data numbers.csv --source-options target=number --out numbers --resume
says 'is finished'

status 1 "$FOVEA" eval numbers/best.fovea --data labels.csv --source-options "separator=|"
says 'the model says a number a picture, but c0.png has another target'
status 2 "$FOVEA" eval labels/best.fovea --data labels.csv --source-options "separator=|" --metrics top1
says 'the metric top1 is defined for one class a sample'
status 2 "$FOVEA" predict numbers/best.fovea c0.png --threshold 0.5
status 2 $train --data numbers.csv --source-options target=number --loss cross_entropy --out x
says 'these do: l1, mse'
status 2 $train --data labels.csv --source-options "separator=|" --reject-below 0.5 --out x
says 'reject_below'
[ ! -e x ] || fail "a recipe that was refused left a folder"
