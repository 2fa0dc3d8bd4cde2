#!/bin/sh
# Commands beside the main job: help, version, plan, bench, selftest.
# Not under ThreadSanitizer: what it runs on threads, train_contract and predict_many run too.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "cli: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "does not print: $1"; }

# Each command has its page, by --help and by help; each part of each kind has one.
status 0 "$FOVEA" help
sed -n '/^usage/,/^`fovea/s/^  \([a-z]*\( [a-z]*\)*\)  .*/\1/p' out > commands
[ "$(wc -l < commands)" -ge 7 ] || fail "help lists too few commands"
while read -r command; do
    status 0 "$FOVEA" $command --help
    prints "^usage: fovea $command"
    mv out page
    status 0 "$FOVEA" help $command
    cmp -s out page || fail "help $command and $command --help differ"
done < commands
# A noun without one of its verbs says which there are.
status 2 "$FOVEA" data
grep -q '^  data scan  ' err || fail "the verbs of data are not listed"
status 2 "$FOVEA" data scna
grep -q 'there is no "scna"' err || fail "an unknown verb is not named"
status 0 "$FOVEA" data --help
prints '^  data scan  '
for kind in $("$FOVEA" help --markdown | grep -vx recipe); do
    status 0 "$FOVEA" help "$kind"
    for part in $(sed -n 's/^  \([a-z0-9_]*\)  .*/\1/p' out); do status 0 "$FOVEA" help "$kind" "$part"; done
done
status 0 "$FOVEA" help recipe
prints '^epochs: 10'
status 2 "$FOVEA" help transfrom
grep -q 'did you mean "transform"' err || fail "no nearest topic"
status 2 "$FOVEA" help transform hfilp
grep -q 'did you mean "hflip"' err || fail "no nearest part"

status 0 "$FOVEA" version --json
prints '^\{"fovea":".*","threads":[0-9]+.*\}$'

status 0 "$FOVEA" plan lenet --batch 4
prints '^plan: evaluation, batch 4, device cpu'
status 0 env FOVEA_ISA=portable "$FOVEA" plan lenet --losers
prints 'lost: conv2d_.*_avx2 refuses: '
status 0 "$FOVEA" plan lenet --mode training --batch 8 --json
prints '"flops":[0-9]'
status 0 "$FOVEA" plan lenet --graph --passes -1
mv out graph.txt
status 0 "$FOVEA" plan graph.txt --graph --passes -1
cmp -s out graph.txt || fail "a printed graph gives another one"
status 0 "$FOVEA" plan --diff lenet graph.txt --passes -1
status 1 "$FOVEA" plan --diff lenet "lenet classes=7"
prints '^\+ '
status 1 "$FOVEA" plan missing.fovea
status 1 "$FOVEA" plan lenet --device npu
status 2 "$FOVEA" plan

status 0 "$FOVEA" selftest relu
prints '0 failed$'
status 2 "$FOVEA" selftest rleu
grep -q 'did you mean "relu"' err || fail "no nearest op"

# bench: figures of a step, where it goes, and turns with another system.
status 0 "$FOVEA" bench lenet --batch 2 --steps 3 --nodes
prints '^pictures_per_second [0-9]'
prints '^ *[0-9.]+ +[0-9]+ +[0-9.]+  conv1$'
printf '2\n1\n' > turns
status 0 "$FOVEA" bench lenet --batch 2 --mode evaluation --turns --json < turns
[ "$(grep -c '^{"seconds":[0-9.e-]*}$' out)" = 2 ] || fail "not one answer a turn"
echo some > turns
status 2 "$FOVEA" bench lenet --batch 2 --turns < turns

# A full disk is an error, not silence.
if [ -w /dev/full ]; then
    got=0
    "$FOVEA" help > /dev/full 2> err || got=$?
    [ $got = 1 ] || fail "a full disk goes unnoticed"
fi
