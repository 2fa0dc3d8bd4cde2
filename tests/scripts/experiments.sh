#!/bin/sh
# fovea experiments: listed with their runs, described, deleted with all of them, restored.
# Not under ThreadSanitizer: trains as train_contract does, and the store of runs has no threads.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export FOVEA_HOME="$work/ws"
fail() { echo "experiments: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
prints_not() { ! grep -qE -- "$1" out || fail "standard output matches: $1"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
shapes="$SOURCE/examples/shapes"
train() {
    status 0 "$FOVEA" train --data "$shapes" --arch lenet --channels 1 --epochs 1 --out "$1" --run-name "$1" --experiment "$2"
}

status 1 "$FOVEA" experiments list
says "there is no workspace"
status 1 "$FOVEA" experiments delete cells
says "there is no workspace"
[ ! -e "$FOVEA_HOME" ] || fail "a deletion made a workspace"

train first cells
train second cells/more
status 0 "$FOVEA" experiments list
prints '^experiment +runs +changed +description$'
prints '^Default +0'
prints '^cells +1  [0-9]'
status 0 "$FOVEA" experiments describe cells 'white ones'
status 0 "$FOVEA" experiments list --json
prints '\{"name":"cells","description":"white ones","runs":1,"deleted":false,"created_ms":[0-9]+,"updated_ms":[0-9]+\}'
status 1 "$FOVEA" experiments describe blood x
says "there is no experiment blood"

status 0 "$FOVEA" experiments delete cells --json
prints '^\{"name":"cells","deleted":true\}$'
status 0 "$FOVEA" experiments list
prints_not '^cells '
prints '^cells/more +1'
status 0 "$FOVEA" experiments list --deleted
prints '^cells +1 .* deleted; white ones$'
status 0 "$FOVEA" runs list
prints_not ' first '
prints ' second '
status 0 "$FOVEA" runs list --which deleted
prints ' first '
status 1 "$FOVEA" train --data "$shapes" --arch lenet --channels 1 --epochs 1 --out third --experiment cells
says "the experiment cells is deleted"
says "fovea experiments restore"
status 1 "$FOVEA" runs restore first
says "fovea experiments restore"
status 0 "$FOVEA" registry gc --deleted-days 1
status 0 "$FOVEA" experiments restore cells
status 0 "$FOVEA" runs list cells
prints ' first '
status 1 "$FOVEA" experiments delete Default
says "the experiment Default is not deleted"
status 0 "$FOVEA" registry log --json
prints '"action":"experiment.delete","subject":"experiments/cells"'

status 0 "$FOVEA" experiments delete cells
status 0 "$FOVEA" registry gc --deleted-days 0
prints 'experiment'
status 1 "$FOVEA" experiments restore cells
says "there is no experiment cells"
