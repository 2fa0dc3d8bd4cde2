#!/bin/sh
# fovea model show: what a model file and a checkpoint hold, for people and as JSON; files that are damaged.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "model_show: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }

status 0 "$FOVEA" train --data "$SOURCE/examples/shapes/test" --arch lenet --channels 1 --epochs 1 --out run \
    --class-weights balanced --reject-below 0.25 --licence CC0-1.0 --lr 0.01 --transforms 'hflip; normalize mean=0.5 std=0.5'
status 0 "$FOVEA" model show run/best.fovea
prints '^format +1$'
prints '^hash +[0-9a-f]{64} \(BLAKE2b, holds\)$'
prints '^arch +lenet$'
prints '^recipe +channels=1 epochs=1 .*learning_rate=0\.01'
prints '^objective +cross_entropy class_weights=1,1,1,1,1$'
prints '^input +28 × 28 × 1$'
prints '^parameters +428645$'
prints '^features +500$'
prints '^task +one class a picture$'
prints '^classes +5: circle, cross, ring, square, triangle$'
prints '^transforms +hflip$'
prints '^ +normalize mean=0\.5 std=0\.5$'
prints '^temperature +[0-9.]+$'
prints '^reject_below +0\.25$'
prints '^measured_on +validation, selected on \(split\)$'
prints '^top1 +[0-9.]+ \(95 %: [0-9.]+ to [0-9.]+\)$'
prints '^licence +training data: CC0-1\.0$'
prints '^selftest +circle/'
prints '^sections +calibration, classes, licence, metrics, objective, outlier, recipe, selftest, signature, transforms$'
prints '^checkpoint +false$'

status 0 "$FOVEA" model show run/best.fovea --json
prints '^\{"file":"run/best\.fovea","bytes":[0-9]+,"format":1,"hash":"[0-9a-f]{64}","arch":"lenet","recipe":"channels=1'
prints '"height":28,"width":28,"channels":1,"parameters":428645,"features":500,"task":"one_class","classes":\["circle",'
prints '"metrics":\[\{"metric":"top1","value":[0-9.]+,"low":[0-9.]+,"high":[0-9.]+\},'
prints '"licences":\[\{"of":"training data","licence":"CC0-1\.0"\}\],"selftest":\["circle/[^"]+",'

# A checkpoint has no figures of its own: its weights are on their way.
status 0 "$FOVEA" model show run/last.fovea --json
prints '"temperature":null,"reject_below":null,"metrics":null,'
prints '"checkpoint":true'

head -c 1000 run/best.fovea > cut.fovea
status 1 "$FOVEA" model show cut.fovea
says "cut.fovea is cut short"
{ head -c 2000 run/best.fovea; printf x; tail -c +2002 run/best.fovea; } > changed.fovea
status 1 "$FOVEA" model show changed.fovea
says "its hash does not fit its content"
status 1 "$FOVEA" model show nowhere.fovea
status 2 "$FOVEA" model show
status 2 "$FOVEA" model shwo run/best.fovea
