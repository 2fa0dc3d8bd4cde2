#!/bin/sh
# Trainings and evaluations are runs in the registry, with parameters, data, figures and files; one that is stopped and gone on
# with stays the same run; a flag in its row stops it; one that fails says why; with --no-track there is none.
# Not under ThreadSanitizer: trains as train_contract does, and the store of runs has no threads.
set -eu
command -v python3 > /dev/null || { echo "no python3: skipped"; exit 77; }
work=$(mktemp -d)
trap 'kill $running 2> /dev/null || true; rm -rf "$work"' EXIT
running=
cd "$work"
unset FOVEA_HOME
fail() { echo "track: $1" >&2; cat err >&2; exit 1; }
cat > recipe.yaml << END
data: $SOURCE/examples/shapes/test
arch: lenet
channels: 1
size: [28, 28]
epochs: 4
batch: 16
seed: 1
END
runs() { "$FOVEA" runs list --json | python3 -c "
import json, sys
runs = json.load(sys.stdin)
$1"; }

# Without, and with; to the same bits.
"$FOVEA" train recipe.yaml --no-track --out plain > out 2> err || fail "training without a registry fails"
[ ! -e .fovea ] || fail "a workspace was made though --no-track was said"
"$FOVEA" train recipe.yaml --out kept --experiment shapes/first --run-name lenet --json > out 2> err || fail "training fails"
[ -e .fovea/fovea.db ] || fail "no workspace was made"
cmp plain/best.fovea kept/best.fovea || fail "recording changes what is trained"
runs '
assert len(runs) == 1, runs
run = runs[0]
assert run["name"] == "lenet" and run["status"] == "finished" and run["experiment"] == "shapes/first", run
assert run["params"]["arch"] == "lenet" and run["params"]["epochs"] == "4" and int(run["params"]["parameters"]) > 1000, run
assert {"train_loss", "val_loss", "val_top1", "train_top1", "learning_rate", "best_top1"} <= set(run["metrics"]), run' ||
    fail "the run is not recorded as it should be"

# A value that is too long for a parameter is cut, and not within a letter.
python3 -c 'print("x" + 3000 * "\u00e9")' > licence.txt
"$FOVEA" train recipe.yaml --epochs 1 --out long-named --run-name long --licence "$(cat licence.txt)" > out 2> err ||
    fail "training with a long licence fails"
runs '
licence = [run for run in runs if run["name"] == "long"][0]["params"]["licence"]
assert licence == "x" + 2999 * "\u00e9", licence[-5:]' || fail "a parameter ends with half a letter"
"$FOVEA" runs delete long > out 2> err || fail "a run is not deleted"
rm -rf long-named

# Its files are kept as they were.
python3 - << 'END' || fail "the files are not kept"
import hashlib, os, sqlite3
db = sqlite3.connect(".fovea/fovea.db")
rows = dict(db.execute("SELECT path, digest FROM artifact JOIN run ON run.id = run_id WHERE stage = 'active'"))
assert {"recipe.yaml", "results.csv", "report.html", "predictions.jsonl", "best.fovea"} <= set(rows), rows
for path, digest in rows.items():
    held = open(os.path.join(".fovea/objects", digest[:2], digest[2:]), "rb").read()
    assert hashlib.blake2b(held, digest_size=32).hexdigest() == digest, path
    assert held == open(os.path.join("kept", path), "rb").read(), path
steps = db.execute("SELECT step FROM metric JOIN metric_key ON key_id = metric_key.id WHERE name = 'val_loss' "
                   "AND run_id = (SELECT min(id) FROM run) ORDER BY step")
assert [step for step, in steps] == [1, 2, 3, 4]
END

# An evaluation belongs to the run that made its model.
"$FOVEA" eval kept/best.fovea --data "$SOURCE/examples/shapes/test" > out 2> err || fail "evaluating fails"
runs '
made = [run for run in runs if run["kind"] == "train"][0]
run = [run for run in runs if run["kind"] == "eval"][0]
assert run["parent"] == made["id"] and run["status"] == "finished" and 0 <= run["metrics"]["top1"] <= 1, run' ||
    fail "the evaluation is not recorded as it should be"

# Stopped by the flag in its row, gone on with as the same run.
"$FOVEA" train recipe.yaml --epochs 500 --out long --run-name long > out 2> err &
running=$!
while [ "$(cat long/results.csv 2> /dev/null | wc -l)" -le 1 ]; do
    kill -0 $running 2> /dev/null || fail "the training is over before it could be stopped"
    sleep 0.05
done
"$FOVEA" runs stop long > out 2>> err || fail "the run cannot be asked to stop"
status=0
wait $running || status=$?
running=
[ $status = 75 ] || fail "a run that was asked to stop exits with $status"
runs '
run = [run for run in runs if run["name"] == "long"][0]
assert run["status"] == "stopped", run' || fail "the run is not stopped"
"$FOVEA" train --resume --out long > out 2> err &
running=$!
before=$(wc -l < long/results.csv)
while [ "$(wc -l < long/results.csv)" -le "$before" ]; do
    kill -0 $running 2> /dev/null || fail "the resumed training is over too soon"
    sleep 0.05
done
runs '
of = [run for run in runs if run["name"] == "long"]
assert len(of) == 1 and of[0]["status"] == "running", of' || fail "resuming does not take the run back"
kill -TERM $running
wait $running || true
running=

# From another folder it is gone on with where its run is.
(mkdir elsewhere && cd elsewhere && "$FOVEA" train --resume --out ../long > ../out 2> ../err) &
running=$!
before=$(wc -l < long/results.csv)
while [ "$(wc -l < long/results.csv)" -le "$before" ]; do
    kill -0 $running 2> /dev/null || fail "the training resumed from elsewhere is over too soon"
    sleep 0.05
done
"$FOVEA" runs stop long > out 2>> err || fail "the run that is gone on with from elsewhere is not in its workspace"
wait $running || true
running=
[ ! -e elsewhere/.fovea ] || fail "resuming from another folder makes a workspace there"

# Stopped within its first epoch it goes on with other epochs, and keeps the parameters that it was begun with.
"$FOVEA" train recipe.yaml --arch resnet18 --size 64,64 --batch 2 --epochs 400 --schedule constant --checkpoint-every 0.1s \
    --out early --run-name early > out 2> err &
running=$!
while [ ! -e early/last.fovea ]; do
    kill -0 $running 2> /dev/null || fail "the training is over before it has a checkpoint"
    sleep 0.05
done
kill -INT $running
status=0
wait $running || status=$?
running=
[ $status = 75 ] && [ ! -e early/results.csv ] || fail "the training was not stopped within its first epoch"
"$FOVEA" train --resume --out early --epochs 500 > out 2> err &
running=$!
until runs 'assert [run["status"] for run in runs if run["name"] == "early"] == ["running"]' 2> /dev/null; do
    kill -0 $running 2> /dev/null || fail "it does not go on with other epochs"
    sleep 0.05
done
kill -INT $running
status=0
wait $running || status=$?
running=
[ $status = 75 ] || fail "it does not go on with other epochs"
runs 'assert [run["params"]["epochs"] for run in runs if run["name"] == "early"] == ["400"]' ||
    fail "its parameters were changed"

# One whose files cannot be kept is finished all the same.
mkdir -p part/objects
ln -s /nowhere/at/all part/objects/new
"$FOVEA" train recipe.yaml --epochs 1 --workspace part --out parted --run-name parted > out 2> err || fail "training fails"
grep -q "is recorded in part only" err || fail "nothing is said of files that cannot be kept"
"$FOVEA" runs show parted --workspace part --json | python3 -c '
import json, sys
run = json.load(sys.stdin)
assert run["status"] == "finished", run' || fail "a training that is over is not finished"

# One that fails says why.
status=0
"$FOVEA" train recipe.yaml --lr 1000 --optimizer 'sgd weight_decay=1' --schedule constant \
    --transforms 'hflip; normalize mean=0.5 std=0.5' --out wild --run-name wild > out 2> err || status=$?
[ $status = 1 ] || fail "a rate of 1000 trains"
"$FOVEA" runs show wild --json | python3 -c '
import json, sys
run = json.load(sys.stdin)
assert run["status"] == "failed" and "not a number" in run["error"], run' || fail "a run that failed does not say why"
"$FOVEA" runs show wild > out
grep -q '^transforms  *hflip; normalize mean=0.5 std=0.5$' out || fail "a parameter of several lines is not shown as one"

# Where no registry can be, that is said before the first step.
status=0
touch file
"$FOVEA" train recipe.yaml --workspace file/none --out nowhere > out 2> err || status=$?
[ $status = 1 ] && grep -q -- "--no-track" err || fail "a workspace that cannot be made is no error, or without a way out"
[ ! -e nowhere ] || fail "a training without its registry leaves a folder"
