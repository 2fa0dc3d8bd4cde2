#!/bin/sh
# fovea retrain: nothing due, labels that came back, a job from its training to the gate, the same again skipped;
# poisoned labels, pauses, failures in a row, the schedule, the crontab.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "retrain: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }
export FOVEA_HOME="$work/home"

for class in circle cross ring; do
    mkdir -p data/train/$class data/test/$class now/$class
    cp "$SOURCE"/examples/shapes/train/$class/00[0-9].png data/train/$class
    cp "$SOURCE"/examples/shapes/test/$class/00[0-4].png data/test/$class
    cp "$SOURCE"/examples/shapes/test/$class/01[0-9].png now/$class
done
cat > recipe.yaml << END
epochs: 1
batch: 16
channels: 1
learning_rate: 0.001
END
cat > home.yaml << END
model: shapes
data: $work/data
log: $work/log
recipe: $work/recipe.yaml
on_drift: false
on_labels: 20
schedule: "0 3 * * *"
zone: Europe/Berlin
check_rows: 10
check_every: 3
margin: 1
new_margin: 1
slice_margin: 1
slower: 0
END
status 0 "$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 2 --batch 16 --out run
status 0 "$FOVEA" models register shapes run --without-profile
status 1 "$FOVEA" retrain check
grep -q 'docs/retrain.md' err || fail "no way out is named where there is no policy"
sed 's|Europe/Berlin|Mars/Olympus|' home.yaml > home/retrain.yaml
status 2 "$FOVEA" retrain check
grep -q 'zone' err || fail "a wrong zone is not named"
sed 's|Europe/Berlin|CET-1CEST,M3.5.0,M10.5.0/3|' home.yaml > home/retrain.yaml
status 0 "$FOVEA" models promote shapes/1
status 0 "$FOVEA" predict shapes@champion now --log log --log-name shapes --key scope --out a.csv

# Nothing came back, and the scheduled time is told by the clock that is given.
noon=1772366400 # 2026-03-01 12:00 UTC
status 0 "$FOVEA" retrain check --at $noon --json
prints '^\{"due":false,"would":"idle","trigger":null,"reason":"nothing is due: drift is not known, shapes/1 has no reference'
status 0 "$FOVEA" retrain check --at $((noon - 10 * 3600 + 600)) --json
prints '"would":"skip","trigger":"schedule","reason":"no new labelled rows since the parent \(0 in all\), though it was due'
prints 'due at 2026-03-01 02:00'
status 0 "$FOVEA" retrain cron --next 2 --from $noon --json
prints '^\{"next":\["2026-03-02 02:00 UTC","2026-03-03 02:00 UTC"\]\}'
status 2 "$FOVEA" retrain cron --next 1 --expression '61 * * * *'
grep -q 'minute "61"' err || fail "the field of a wrong expression is not named"
sed -i '/^schedule/d' home/retrain.yaml # from here on the clock is the machine's, which may be at any hour

# Labels come back: a job, once.
"$FOVEA" log export log --out log.csv > out
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print "id,label"; next }
    { n = split($c["source"], part, "/"); print $c["id"] "," part[n - 1] }' log.csv > labels.csv
status 0 "$FOVEA" data label labels.csv --log log --by Ann
status 0 "$FOVEA" retrain run --dry-run --json
prints '"would":"run","trigger":"labels","reason":"30 labels are new"'
status 0 "$FOVEA" retrain run --json
prints '^\{"job":"[0-9a-f]{32}","state":"done","reason":"it passes every check","trigger":"labels",'
prints '"verdict":"promoted","challenger":2,"champion":1,"promoted":true\}'
job=$(sed 's/.*"job":"\([0-9a-f]*\)".*/\1/' out)
[ "$(ls home/retrain)" = lock ] || fail "the job leaves something behind: $(ls home/retrain)"
status 0 "$FOVEA" models show shapes/2
prints 'labels.jsonl'
prints 'train.csv'
prints 'dataset [0-9a-f]{64} .*trained run'
prints 'dataset [0-9a-f]{64}.* extended dataset [0-9a-f]{64}'
prints 'profile.json'
prints '^parent +shapes/1'
status 0 "$FOVEA" retrain check --json
prints '"would":"idle".*"labels":30,"new_labels":0'
status 0 "$FOVEA" retrain run --now --json
prints '"state":"skipped","reason":"no new labelled rows since the parent \(30 in all\), though it was asked for by hand"'
status 0 "$FOVEA" retrain run --key nightly-1 --json
prints '"state":"skipped"'
first=$(sed 's/.*"job":"\([0-9a-f]*\)".*/\1/' out)
status 0 "$FOVEA" retrain run --key nightly-1 --json
prints "\"job\":\"$first\",\"state\":\"skipped\""
status 0 "$FOVEA" retrain history --json
prints "\"job\":\"$job\",\"state\":\"done\""
status 0 "$FOVEA" registry log --json
grep -q '"job.end"' out || fail "the audit log has no end of a job"

# Labels that cannot be trusted are not trained on, and ask for nothing again.
status 0 "$FOVEA" predict shapes/2 now --log log --log-name shapes --key scope --out b.csv
"$FOVEA" log export log --out log.csv > out
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; print "id,label"; next }
    NR > 31 { print $c["id"] ",ring" }' log.csv > poison.csv
status 0 "$FOVEA" data label poison.csv --log log --by Eve
status 0 "$FOVEA" retrain run --json
prints '"state":"skipped","reason":"the labels cannot be trusted; contradictions: 20 of 60 labels'
skipped=$(sed 's/.*"job":"\([0-9a-f]*\)".*/\1/' out)
status 0 "$FOVEA" retrain run --json
prints "\"job\":\"$skipped\",\"state\":\"skipped\""

# Paused; and off after failures in a row. Each is said in the status, and nothing is begun.
sed -i 's/^on_labels.*/on_labels: 1\nmost_contradictions: 1\nfailures: 2/' home/retrain.yaml
status 0 "$FOVEA" retrain pause --reason "a holiday"
status 0 "$FOVEA" retrain run --json
prints '^\{"job":null,"state":"blocked","reason":"paused \(a holiday\), though 30 labels are new"'
status 0 "$FOVEA" retrain status
prints '^state +paused'
status 0 "$FOVEA" retrain pause --resume
echo "arch: no_such_network" >> recipe.yaml
sed -i 's/^most_contradictions.*/&\nstart: scratch/' home/retrain.yaml
"$FOVEA" data label labels.csv --log log --by Ann > out 2> err
sed '2s/,.*/,cross/' labels.csv | head -n 2 > more.csv
status 0 "$FOVEA" data label more.csv --log log --by Ann
for try in 1 2; do
    status 1 "$FOVEA" retrain run --json
    prints '"state":"failed","reason":".*no_such_network'
done
status 0 "$FOVEA" retrain run --json
prints '"state":"blocked","reason":"off after 2 failures in a row, the last: .*no_such_network'
status 0 "$FOVEA" retrain status
prints '^state +off'
status 0 "$FOVEA" retrain pause --resume
status 0 "$FOVEA" retrain status --json
prints '"state":"on"'

# The crontab: written once, taken out again, the rest of it left alone.
mkdir bin
cat > bin/crontab << 'END'
#!/bin/sh
[ "$1" != -l ] || { cat "$TABLE" 2> /dev/null || { echo "no crontab for you" >&2; exit 1; }; exit; }
cp "$1" "$TABLE"
END
chmod +x bin/crontab
export TABLE="$work/table" PATH="$work/bin:$PATH"
status 0 "$FOVEA" retrain cron
prints 'ExecStart=.*retrain run --workspace'
prints 'concurrencyPolicy: Forbid'
prints '^OnCalendar=\*-\*-\* \*:0,10,20,30,40,50:00$'
# A timer for when the line is due: either day field is enough. A policy is named by its whole path.
cp home/retrain.yaml "own %policy.yaml"
status 0 "$FOVEA" retrain cron --every '5 2,14 1-3 jan,jul mon,7' --policy "own %policy.yaml"
prints '^OnCalendar=\*-1,7-1,2,3 2,14:5:00$'
prints '^OnCalendar=Sun,Mon \*-1,7-\* 2,14:5:00$'
prints "^5 2,14 1-3 jan,jul mon,7 .* --policy '/.*/own \\\\%policy.yaml' >> "
prints '^ExecStart=.* --policy "/.*/own %%policy.yaml"$'
prints 'command: \[fovea, retrain, run, --workspace, /workspace, --policy, "/policy/own %policy.yaml"\]$'
prints "^# kubectl create configmap fovea-retrain-policy --from-file='/.*/own %policy.yaml'$"
prints '{name: policy, mountPath: /policy}$'
status 0 "$FOVEA" retrain cron --policy home/retrain.yaml
prints '/workspace, --policy, "/workspace/retrain.yaml"\]$'
! grep -q configmap out || fail "a policy of the workspace is mounted twice"
status 0 "$FOVEA" retrain cron --install --json
prints '"changed":true'
status 0 "$FOVEA" retrain cron --install --json
prints '"changed":false'
grep -qE "^\*/10 \* \* \* \* '.*' retrain run --workspace '.*/home' >> .* 2>&1 # fovea retrain .*/home$" table ||
    fail "the line is wrong"
echo "5 4 * * * true" >> table
status 0 "$FOVEA" retrain cron --install --every '*/5 * * * *'
[ "$(wc -l < table)" = 2 ] || fail "a second line is written"
status 0 "$FOVEA" retrain cron --remove
[ "$(cat table)" = "5 4 * * * true" ] || fail "other lines are touched"
