#!/bin/sh
# A model that a command takes is a file, or a version in the registry; and what is not there makes no workspace.
# Not under ThreadSanitizer: trains and predicts as train_contract does, and the registry has no threads.
set -eu
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
export FOVEA_HOME="$work/ws"
fail() { echo "model_references: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
shapes="$SOURCE/examples/shapes"
picture="$shapes/test/circle/000.png"
[ -e "$picture" ] || picture=$(find "$shapes/test/circle" -name '*.png' | sort | head -1)

# ---- what is not there makes no workspace ----

unmade() { [ ! -e ws ] || fail "a workspace was made by $1"; }
status 1 "$FOVEA" train --data nowhere --arch lenet --out run
unmade "a training without data"
status 1 "$FOVEA" models register shapes nowhere
says "nowhere is no file or folder, and no run: there is no workspace"
mkdir empty
status 1 "$FOVEA" models register shapes empty
says "there is no best.fovea in empty"
status 1 "$FOVEA" models import empty
status 1 "$FOVEA" predict shapes/1 "$picture"
says "shapes/1 is no file, and a version in the registry cannot be sought: there is no workspace"
unmade "a registration, an import or a prediction"
"$FOVEA" train --data "$shapes" --arch lenet --channels 1 --epochs 1 --out run --no-track > out 2> err
status 1 "$FOVEA" eval run/best.fovea --data nowhere
status 1 "$FOVEA" models register shapes run --parent other/1
says "there is no version other/1"
status 2 "$FOVEA" models register sha/pes run
status 1 "$FOVEA" models register shapes run/last.fovea
says "it is a checkpoint"
head -c 5000 run/best.fovea > cut.fovea
status 1 "$FOVEA" models register shapes cut.fovea
unmade "an evaluation or a registration"

# ---- the same model, by every name ----

status 0 "$FOVEA" models register shapes run
status 0 "$FOVEA" models promote shapes/1
prints '^promoted +true$'
status 0 "$FOVEA" predict run/best.fovea "$picture"
cp out file
for name in shapes/1 shapes@champion shapes@latest shapes; do
    status 0 "$FOVEA" predict $name "$picture"
    cmp -s out file || fail "$name answers other than its file"
done
status 0 "$FOVEA" model show shapes@champion
prints '^version +shapes/1$'
status 0 "$FOVEA" model show run/best.fovea --json
prints '^\{"file":"run/best\.fovea",'
status 0 "$FOVEA" plan shapes/1 --json
prints '"calls":[0-9]+'
status 0 "$FOVEA" eval shapes --data "$shapes" --workspace "$FOVEA_HOME" --run-name by-version
prints '^model +shapes/1$'
status 0 "$FOVEA" runs show by-version
prints '^model +shapes/1$'

status 0 "$FOVEA" finetune --weights shapes@champion --data "$shapes" --channels 1 --epochs 1 --out tuned --dry-run
says "weights: shapes/1 is $FOVEA_HOME/objects/"
status 0 "$FOVEA" predict shapes@champion "$picture" --log log
status 0 "$FOVEA" log export log --out log.jsonl && cp log.jsonl out
prints '"model":"shapes","version":1'

status 0 "$FOVEA" explain shapes@champion "$picture" --out map.png
[ -s map.png ] || fail "a version is not explained"

# A file of that name comes first; a folder is refused with both ways out.
mkdir shapes
cp run/best.fovea shapes/2
status 0 "$FOVEA" predict shapes/2 "$picture"
cmp -s out file || fail "the file shapes/2 was not taken"
status 2 "$FOVEA" predict run "$picture"
says "the model in it is run/best.fovea"
status 1 "$FOVEA" predict shapes/3 "$picture"
says "shapes/3 is no file, and no version in $FOVEA_HOME: model shapes has no version 3"
status 1 "$FOVEA" predict run/best "$picture"
says "cannot read run/best: No such file or directory"
status 1 "$FOVEA" predict best.fovea "$picture"
says "name a .fovea file, or a version in the registry"

# ---- promoting, in one word or two ----

status 2 "$FOVEA" models promote shapes
says "the version is missing"
status 2 "$FOVEA" models promote shapes/1 1
says "shapes/1 names a version, and so does 1"
status 2 "$FOVEA" models promote
says "NAME[/N] is missing"

# ---- a dry run writes nothing: in a folder that is not ours to write it works ----

"$FOVEA" train --data "$shapes" --arch lenet --channels 1 --epochs 1 --lr 0.001 --out bad --no-track > out 2> err
status 0 "$FOVEA" models register shapes bad
chmod -R a-w,a+rX ws
chmod a+rx "$work"
as=""
[ "$(id -u)" != 0 ] || as="setpriv --reuid=65534 --clear-groups"
if $as "$FOVEA" version > /dev/null 2>&1 && $as test -r "$shapes"; then
    status 1 $as "$FOVEA" models promote shapes/2 --dry-run
    prints '^promoted +false$'
    status 1 $as "$FOVEA" models promote shapes/2 --dry-run --data "$shapes" --part test
    prints '^✗ not_worse: .* on 150 pictures, '
    status 1 $as "$FOVEA" models promote shapes/2
    [ -s err ] || fail "a promotion that cannot be written says nothing"
fi
chmod -R u+w ws
status 0 "$FOVEA" models show shapes --json
[ "$(grep -o '"verb":"promote"' out | wc -l)" = 1 ] || fail "a dry run was recorded"
