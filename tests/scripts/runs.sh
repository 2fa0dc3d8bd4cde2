#!/bin/sh
# fovea runs: list, show, diff, export, tag, delete, restore, stop, for people and as JSON and CSV.
set -eu
unset FOVEA_HOME
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "runs: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
prints_not() { ! grep -qE -- "$1" out || fail "standard output matches: $1"; }
says() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
names() { [ "$(cut -c11- out | sed '1d; s/ .*//' | tr '\n' ' ')" = "$1 " ] || fail "other runs than $1"; }

status 1 "$FOVEA" runs list
says 'there is no workspace .fovea'
status 1 "$FOVEA" runs tag a x=y
says 'there is no workspace .fovea'
[ ! -e .fovea ] || fail "a command that has nothing to do makes a workspace"
"$BUILD/bin/log_runs" .fovea

status 0 "$FOVEA" runs list
prints '^id +name +status +started +time +top1 +val loss$'
prints '^[0-9a-f]{8}  a +finished +[0-9]+ (s|min) ago +[0-9.]+s +0\.75 +0\.25$'
prints '^[0-9a-f]{8}  c, "quoted" +failed .* inf$'
names 'd c, b a'
status 0 "$FOVEA" runs list cells -f "params.arch LIKE 'resnet%' and best_metrics.top1 > 0.6" -s 'metrics.top1' -m top1 \
    -p arch,epochs
prints '^id +name +status +started +time +arch +epochs +top1$'
names 'a b'
status 0 "$FOVEA" runs plot a b -m top1 -o plot.svg
prints '^curves +2$'
grep -q '</svg>' plot.svg || fail "the plot is no SVG"
status 1 "$FOVEA" runs plot a -m nothing -o plot.svg
says 'no run has a metric nothing'
status 2 "$FOVEA" runs plot a -o plot.gif
status 0 "$FOVEA" runs list --limit 3
says 'there are more: --after '
status 0 "$FOVEA" runs list --limit 3 --after "$(sed 's/.*--after //' err)"
names 'a'
status 0 "$FOVEA" runs list -f "metrics.nothing > 1"
prints '^no runs like this$'
status 2 "$FOVEA" runs list -f "metrics.top1 >> 0.9"
says 'the filter, at letter 15 (> 0.9): this is compared with a number'
status 2 "$FOVEA" runs list --csv --json
status 1 "$FOVEA" runs list dogs
says 'there is no experiment dogs'
FOVEA_HOME=$work/.fovea status 0 "$FOVEA" runs list --workspace "$work/.fovea"

status 0 "$FOVEA" runs list --json
python3 - << 'END' || fail "not the JSON that is promised"
import json
runs = json.load(open("out"))
assert [r["name"] for r in runs] == ["d", 'c, "quoted"', "b", "a"], runs
for r in runs:
    assert {"id", "name", "status", "params", "metrics", "started"} <= set(r)
a = runs[-1]
assert a["status"] == "finished" and a["params"] == {"arch": "resnet18", "epochs": "2"}
assert a["metrics"] == {"top1": 0.75, "val loss": 0.25} and a["best"] == {"top1": 0.75, "val loss": 0.25}
assert runs[1]["metrics"] == {"top1": None, "val loss": None} and runs[0]["ended"] is None and len(a["id"]) == 32
END
status 0 "$FOVEA" runs list --csv
python3 - << 'END' || fail "not the CSV that is promised"
import csv
rows = list(csv.DictReader(open("out")))
assert [r["name"] for r in rows] == ["d", 'c, "quoted"', "b", "a"]
assert rows[3]["params.arch"] == "resnet18" and rows[3]["metrics.val loss"] == "0.25" and rows[1]["metrics.top1"] == "nan"
END

status 0 "$FOVEA" runs show a
prints '^experiment +cells/first$'
prints '^arch +resnet18$'
prints '^top1 +0\.75 at 2 +0\.75 at 2 +0\.375 at 1 +0\.75 at 2 +2$'
status 0 "$FOVEA" runs show a --json
prints '"summaries":\{"top1":\{"count":2,"direction":1,"last":0\.75,"last_step":2,"best":0\.75,"best_step":2,"min":0\.375'
status 1 "$FOVEA" runs show nobody
says 'there is no run nobody'

status 0 "$FOVEA" runs diff a b
prints '^parameter +a +b$'
prints '^arch +resnet18 +resnet50$'
prints '^top1 +0\.75 +0\.875 +\+0\.125$'
prints_not epochs
status 0 "$FOVEA" runs diff a b --json
prints '"params":\{"arch":\["resnet18","resnet50"\]\},"metrics":\{"top1":\[0\.75,0\.875\],"val loss":\[0\.25,0\.125\]\}'
status 0 "$FOVEA" runs diff a a
prints '^no parameter and no metric differs$'

status 0 "$FOVEA" runs export a 'c, "quoted"' --out runs.jsonl
python3 - << 'END' || fail "not the lines that are promised"
import json
lines = [json.loads(line) for line in open("runs.jsonl")]
points = [(r["key"], r["step"], r["value"]) for r in lines if r["kind"] == "metric"]
assert points == [("top1", 1, 0.375), ("top1", 2, 0.75), ("val loss", 1, 0.5), ("val loss", 2, 0.25),
                  ("top1", 1, "nan"), ("top1", 2, "nan"), ("val loss", 1, "nan"), ("val loss", 2, "inf")], points
assert sum(r["kind"] == "param" for r in lines) == 4 and sum(r["kind"] == "run" for r in lines) == 2
END
status 0 "$FOVEA" runs export a --out runs.csv # a file's name says what it holds
[ "$(head -1 runs.csv)" = run,kind,key,step,time_ms,value ] || fail "a file named .csv is none"
status 2 "$FOVEA" runs export a --out wrong.csv --format jsonl
says 'wrong.csv is no name for JSON lines'
status 2 "$FOVEA" runs export a --out wrong.jsonl --format csv
[ ! -e wrong.csv ] && [ ! -e wrong.jsonl ] || fail "a file was written under a name that contradicts it"
status 0 "$FOVEA" runs export a --format csv
prints '^run,kind,key,step,time_ms,value$'
prints '^[0-9a-f]{32},metric,val loss,2,[0-9]+,0\.25$'
prints '^[0-9a-f]{32},run,experiment,,,cells/first$'

status 0 "$FOVEA" runs tag a team=red 'note=see = below'
status 0 "$FOVEA" runs tag a team=blue --remove note --json
prints '"tags":\{"team":"blue"\}\}$'
status 2 "$FOVEA" runs tag a team
says '"team" is not KEY=VALUE'
status 1 "$FOVEA" runs tag a --remove note
says 'has no tag note'
status 0 "$FOVEA" runs list -f "tags.team = 'blue'"
names 'a'

status 0 "$FOVEA" runs delete a b
prints '^[0-9a-f]{8} a: deleted$'
status 0 "$FOVEA" runs list --which deleted
names 'b a'
status 0 "$FOVEA" runs restore a --json
prints '^\{"restored":\[\{"id":"[0-9a-f]{32}","name":"a"\}\]\}$'
status 0 "$FOVEA" runs list
names 'd c, a'
status 1 "$FOVEA" runs delete d
says 'is being written by'
status 0 "$FOVEA" runs stop d
prints 'd: asked to stop$'
status 0 "$FOVEA" runs show d
prints '^stop +asked for$'
status 1 "$FOVEA" runs stop a
says 'is not running: it is finished'
