#!/bin/sh
# Columns of tables and records stand below one another, whatever letters they hold, in every locale.
# Not under ThreadSanitizer: trains as train_contract does, and printing has no threads.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export FOVEA_HOME="$work/ws"
fail() { echo "columns: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qF -- "$1" out || fail "standard output does not have: $1"; }
shapes="$SOURCE/examples/shapes"
"$FOVEA" train --data "$shapes" --arch lenet --channels 1 --epochs 1 --out run --no-track > out 2> err

# Two columns a letter (細胞, ｗ), one (é, as one letter or with a mark over it), none (the mark).
combined=$(printf 'e\314\201te')
for name in cells 細胞 été "$combined" ｗide; do status 0 "$FOVEA" models register "$name" run; done
for locale in C C.UTF-8; do
    status 0 env LC_ALL=$locale "$FOVEA" models list
    for name in 'cells ' '細胞  ' 'été   ' "$combined   " 'ｗide '; do prints "$name        1  20"; done
done

# A long key of a record moves the values of all others; one that is longer still moves none.
long=a_key_of_more_than_seventeen_letters
longer=$long$long
status 0 "$FOVEA" models tag cells/1 $long=x
status 0 "$FOVEA" models show cells/1
prints "$long x"
prints "version                              1"
status 0 "$FOVEA" models tag cells/1 $longer=y
status 0 "$FOVEA" models show cells/1
prints "$longer y"
prints "version                              1"

# A very long cell, where nothing is cut, does not widen the other rows.
status 0 "$FOVEA" models register "$(printf 'x%.0s' $(seq 200))" run
status 0 "$FOVEA" models list
[ "$(grep '^cells ' out | wc -m)" -lt 120 ] || fail "a long name widens every row"

# What would steer a terminal is not written, in keys either.
status 2 "$FOVEA" models tag cells "$(printf 'k\033[2Jk=v')"
! grep -q "$(printf '\033')" err || fail "a key steers the terminal"
