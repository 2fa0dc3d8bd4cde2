#!/bin/sh
# fovea models: from trainings to versions, through the gate, back, into another registry; what is damaged or deleted.
# Not under ThreadSanitizer: trains and evaluates as train_contract does, and the registry has no threads.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export FOVEA_HOME="$work/ws"
fail() { echo "models: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
prints_not() { ! grep -qE -- "$1" out || fail "standard output matches: $1"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
shapes="$SOURCE/examples/shapes"

# ---- registering ----

status 1 "$FOVEA" models list
says "there is no workspace"
status 1 "$FOVEA" models promote shapes 1 # what only changes what is there makes no workspace
says "there is no workspace"
[ ! -e "$FOVEA_HOME" ] || fail "a promotion made a workspace"
status 0 "$FOVEA" train --data "$shapes" --arch lenet --channels 1 --epochs 5 --lr 0.05 --out good --licence CC0-1.0 \
    --targets 'top1>=0.3; size_mb<=5' --run-name first
status 0 "$FOVEA" train --data "$shapes" --arch lenet --channels 1 --epochs 1 --lr 0.001 --out bad --licence CC0-1.0 \
    --run-name second

status 0 "$FOVEA" models register shapes first --json # a run by its name
prints '^\{"name":"shapes","version":1,"digest":"[0-9a-f]{64}","profile_pictures":[0-9]+\}$'
cp out first.json
status 0 "$FOVEA" models register shapes good --json # its folder: the very same file
cmp -s out first.json || fail "registered twice it is another version"
says "this very file was version 1 of shapes already"
status 0 "$FOVEA" models register shapes bad/best.fovea --parent shapes/1 --description 'one epoch'
prints '^version +2$'
status 1 "$FOVEA" models register shapes bad/last.fovea
says "it is a checkpoint"
status 1 "$FOVEA" models register shapes nowhere
says "there is no file, folder or run nowhere"
status 2 "$FOVEA" models register 'a/b' good
says 'a model cannot be called "a/b"'
{ head -c 2000 good/best.fovea; printf x; tail -c +2002 good/best.fovea; } > changed.fovea
status 1 "$FOVEA" models register shapes changed.fovea
says "its hash does not fit its content"

status 0 "$FOVEA" models show shapes/2
prints '^parent +shapes/1$'
prints 'training data: CC0-1\.0, by way of shapes/1$'
prints 'version shapes/1 retrained version shapes/2$'
prints 'dataset [0-9a-f]{64} \(shapes\) trained run [0-9a-f]{32}$'
prints '^arch +lenet$'
status 0 "$FOVEA" models show shapes/1 --json
prints '"run":"[0-9a-f]{32}","run_name":"first","parent":null,'
prints '"files":\[\{"path":"predictions\.jsonl",'

# ---- the gate ----

status 2 "$FOVEA" models promote shapes 1 --alias latest
says "reserved"
status 0 "$FOVEA" models promote shapes 1 --alias champion --json
prints '^\{"promoted":true,"reasons":\[\{"name":"self_test","passed":true,'
prints '"text":"it is the first: there is none to be worse than"'
prints '"name":"target top1>=0\.3","passed":true'
status 1 "$FOVEA" models promote shapes 2 --alias champion --json
prints '^\{"promoted":false,"reasons":\['
prints '"name":"not_worse","passed":false,"text":"top1 [0-9.]+, and [0-9.]+ of shapes/1, on 150 pictures, '
prints '"margin":0\.02,"pictures":150'
status 1 "$FOVEA" models promote shapes latest --data "$shapes" --part test --dry-run
prints '^✗ not_worse: top1 .* on 150 pictures, .*/shapes \(test\): '
status 2 "$FOVEA" models promote shapes 2 --force
says "a promotion is forced for a reason"
status 0 "$FOVEA" models promote shapes 2 --force --reason 'the first one is withdrawn'
prints '^promoted +true$'
prints '^✓ forced: the first one is withdrawn$'

status 0 "$FOVEA" models rollback shapes --reason 'no, it is not' --json
prints '^\{"name":"shapes","alias":"champion","version":1,"previous":2\}$'
status 1 "$FOVEA" models rollback shapes
says "shapes@champion has no earlier version to go back to"
status 0 "$FOVEA" models show shapes
prints 'rollback +2 → 1 '
prints 'promote +1 → 2 +[^ ]+  held back$'
prints '^    ✗ not_worse: top1 '
prints '^    ✓ forced: the first one is withdrawn$'
prints 'promote +none → 1 '
prints_not '✓ self_test'
prints '^ +1 .*  champion$'

status 0 "$FOVEA" models alias shapes next 2
status 0 "$FOVEA" models list --json
prints '^\[\{"name":"shapes","description":"","versions":2,"newest":2,"aliases":\{"champion":1,"next":2\},"tags":\{\},'
status 0 "$FOVEA" models alias shapes next --remove
status 1 "$FOVEA" models alias shapes next --remove
says "model shapes has no alias next"
status 2 "$FOVEA" models alias shapes v3 1

# ---- of numbers ----

echo 'path,amount' > numbers.csv
for i in 0 1 2 3 4 5 6 7; do
    cp "$shapes/train/circle/00$i.png" "c$i.png" && cp "$shapes/train/cross/00$i.png" "x$i.png"
    printf '%s\n' "c$i.png,1.5" "x$i.png,0.5" >> numbers.csv
done
for epochs in 1 2; do
    status 0 "$FOVEA" train --arch lenet --channels 1 --epochs $epochs --batch 8 --data numbers.csv --out numbers$epochs \
        --source-options target=number --targets 'mae<=30' --no-track
    status 0 "$FOVEA" models register amounts numbers$epochs
done
status 0 "$FOVEA" models promote amounts 1
status 0 "$FOVEA" models promote amounts 2 --data numbers.csv --source-options target=number --margin 1 --slower 0
prints '^✓ not_worse: mae [0-9.]+, and [0-9.]+ of amounts/1, on 16 pictures, numbers\.csv \(all\): '
prints '^✓ target mae<=30: mae is [0-9.]+, wanted at most 30$'
status 0 "$FOVEA" models card amounts --out card.md
! grep -q '^## Each class' card.md || fail "numbers have no classes"

# ---- what people say ----

status 0 "$FOVEA" models tag shapes@champion stain giemsa
status 0 "$FOVEA" models tag shapes team=blood
status 0 "$FOVEA" models describe shapes 'drawn figures'
status 0 "$FOVEA" models note shapes/1 'see ticket 12'
status 0 "$FOVEA" models show shapes/1 --json
prints '"tags":\[\{"key":"stain","value":"giemsa"\}\]'
prints '"notes":\[\{"text":"see ticket 12","author":"'
status 0 "$FOVEA" models show shapes
prints '^description +drawn figures$'
prints '^team +blood$'
status 0 "$FOVEA" models tag shapes team
status 1 "$FOVEA" models tag shapes team
says "shapes has no tag team"

# ---- in what they differ ----

status 0 "$FOVEA" models diff shapes/1 shapes@latest
prints '^top1 +0\.[0-9]+ +0\.[0-9]+ +-0\.'
prints '^epochs +5 +1$'
prints '^graph: ([0-9]+) and \1 nodes, 0 of them changed$'
prints '^weights: ([0-9]+) and \1, 0 of another shape or in one only, [0-9]+ with other numbers$'
prints '^sections that differ: .*metrics'
[ "$(wc -l < out)" -lt 40 ] || fail "a difference takes more than a screen"
status 0 "$FOVEA" models diff shapes shapes --json
prints '"same_file":true,.*"settings":\[\],"shapes":\[\],"ops":\[\],"sections":\[\],.*"changed_nodes":0,.*"graph":null\}$'
status 0 "$FOVEA" train --data "$shapes" --arch 'small_cnn width=4' --channels 1 --size 28,28 --epochs 1 --out other --no-track
status 0 "$FOVEA" models register shapes_other other
status 0 "$FOVEA" models diff shapes shapes_other
prints '^arch +lenet +small_cnn width=4$'
prints '^fc1\.weight +f32\[[0-9,]+\] +–$'
prints '^graph: [0-9]+ and [0-9]+ nodes, .* only in shapes/2, .*; .*batch_norm 2 and 6.* \(each line: --graph\)$'
prints_not '^graph$'
status 0 "$FOVEA" models diff shapes shapes_other --graph
prints '^graph$'
prints '^- conv1 = conv2d'

# ---- the card ----

status 0 "$FOVEA" models card shapes@champion --out card.md
grep -q '^# Model card: shapes, version 1$' card.md || fail "the card has no title"
grep -qE '^\| circle \| [0-9.]+ % \([0-9.]+ % to [0-9.]+ %\) \|' card.md || fail "the card has no intervals of classes"
grep -qE '^\| shapes \| train \| 650 \| CC0-1.0 \|' card.md || fail "the card has no data"
grep -q '^> Not measured' card.md || fail "the card does not say what was not measured"
status 0 "$FOVEA" models card shapes --out card.html --data "$shapes" --part test --corruptions
grep -q '<td>noise</td>' card.html || fail "the card has no damaged pictures"
! grep -qE '<script|src="http|href="http' card.html || fail "the card fetches something"
status 2 "$FOVEA" models card shapes --out card.pdf

# ---- into another registry ----

status 0 "$FOVEA" models export shapes@champion --out champion.fovea
cmp -s champion.fovea good/best.fovea || fail "the exported model is another one"
status 0 "$FOVEA" models export shapes/2 --out bundle
status 1 "$FOVEA" models export shapes/2 --out bundle
says "bundle is there already"
status 0 "$FOVEA" models import bundle --name figures --workspace other --json
prints '^\{"name":"figures","version":1,"digest":"[0-9a-f]{64}"\}$'
status 0 "$FOVEA" models import bundle --name figures --workspace other
says "was version 1 of figures already"
status 0 "$FOVEA" models show figures/1 --workspace other
prints 'training data: CC0-1\.0, by way of [0-9a-f]{32}:shapes/1$'
prints 'version [0-9a-f]{32}:shapes/2 imported version figures/1$'
prints ' trained run [0-9a-f]{32}$'
cp -r bundle torn
printf x >> torn/files/predictions.jsonl
status 1 "$FOVEA" models import torn --workspace third
says "is not the file that was exported"
{ head -c 3000 bundle/model.fovea; printf x; tail -c +3002 bundle/model.fovea; } > torn/model.fovea
status 1 "$FOVEA" models import torn --workspace third
says "torn/model.fovea is not the file that was exported"
sed 's|"recipe.yaml"|"../recipe.yaml"|' bundle/version.json > torn/version.json
status 1 "$FOVEA" models import torn --workspace third
says 'version.json names a file "../recipe.yaml"'
cp bundle/version.json torn/version.json
for wrong in "$PWD/bundle/model.fovea" /dev/zero; do # the right bytes from elsewhere, and bytes without end
    ln -sf "$wrong" torn/model.fovea
    status 1 "$FOVEA" models import torn --workspace third
    says "torn/model.fovea is no file of the bundle"
done
cp bundle/model.fovea torn/model.fovea.whole && mv torn/model.fovea.whole torn/model.fovea
cp bundle/files/predictions.jsonl torn/files/predictions.jsonl
python3 - << 'END' || fail "version.json has no lineage"
import json
said = json.load(open("bundle/version.json"))
place = said["edges_to_kind"].index("version")
said["edges_to"][place] = "shapes/1"
json.dump(said, open("torn/version.json", "w"))
END
status 1 "$FOVEA" models import torn --workspace third
says 'version.json names a version "shapes/1" without its workspace'
python3 - << 'END' || fail "version.json cannot be changed"
import json
said = json.load(open("bundle/version.json"))
said["tag_keys"], said["tag_values"] = ["site", "k" * 300], ["ward", "too long"]
json.dump(said, open("torn/version.json", "w"))
END
status 2 "$FOVEA" models import torn --workspace third # all of it, or nothing
says "the name of a tag has 300 bytes"
status 0 "$FOVEA" models list --workspace third --json
prints '^\[\]$'
python3 - << 'END' || fail "the registry cannot be changed"
import sqlite3
db = sqlite3.connect("ws/fovea.db")
db.execute("UPDATE version_file SET path = '../../led/out' WHERE path = 'recipe.yaml'")
db.commit()
END
status 1 "$FOVEA" models export shapes/2 --out led
says 'the registry names a file "../../led/out"'
[ ! -e led ] || fail "a file was written outside of the bundle"

# ---- what would steer the terminal ----

esc=$(printf '\033')
status 0 "$FOVEA" models register named good --description "${esc}[31mred"
status 0 "$FOVEA" models show named/1
! grep -q "$esc" out || fail "a description steers the terminal"
prints '^description .*\[31mred$'
status 0 "$FOVEA" models list
! grep -q "$esc" out || fail "a description steers the terminal"
status 2 "$FOVEA" models show "${esc}[31mred"
says "[31mred"
! grep -q "$esc" err || fail "the name in an error steers the terminal"

# ---- deleted ----

status 1 "$FOVEA" models delete shapes/1
says "version 1 of shapes is what shapes@champion points to"
status 0 "$FOVEA" models delete shapes/2
status 1 "$FOVEA" models promote shapes 2
says "version 2 of shapes is deleted"
status 0 "$FOVEA" models restore shapes/2
status 0 "$FOVEA" models delete shapes
status 1 "$FOVEA" models show shapes@champion
says "model shapes is deleted"
status 1 "$FOVEA" models register shapes good
says "model shapes is deleted"
status 0 "$FOVEA" models restore shapes
status 0 "$FOVEA" models show shapes@champion

# ---- a flipped bit in the store ----

digest=$(sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p' first.json)
object="$FOVEA_HOME/objects/$(echo "$digest" | cut -c1-2)/$(echo "$digest" | cut -c3-)"
chmod u+w "$object"
printf '\001' | dd of="$object" bs=1 seek=5000 conv=notrunc 2> /dev/null
status 1 "$FOVEA" models promote shapes 1 --alias next --force --reason 'whatever it is' --json
prints '^\{"promoted":false,"reasons":\[\{"name":"self_test","passed":false,'
status 1 "$FOVEA" models export shapes/1 --out damaged
[ ! -e damaged ] || fail "a damaged model was exported"
status 1 "$FOVEA" models export shapes/1 --out damaged.fovea
[ ! -e damaged.fovea ] || fail "a damaged model was exported"
[ "$(ls | grep -c new || true)" = 0 ] || fail "a draft was left"
status 0 "$FOVEA" models register shapes good # the store heals
status 0 "$FOVEA" models promote shapes 1 --alias next
