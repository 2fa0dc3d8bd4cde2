#!/bin/sh
# fovea drift: a profile, the same traffic and darkened traffic, from pictures and from the log, of a file and of a version.
# Not under ThreadSanitizer: decodes and predicts as predict_many does.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "drift: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }

for class in circle cross ring; do
    mkdir -p data/$class now/$class
    cp "$SOURCE"/examples/shapes/train/$class/0[0-9][0-9].png data/$class
    cp "$SOURCE"/examples/shapes/test/$class/0[0-4][0-9].png now/$class
done
status 0 "$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 2 --batch 20 --out run
model=run/best.fovea
status 1 "$FOVEA" drift check --model $model --data now
grep -q 'fovea drift profile' err || fail "no way out is named"
status 0 "$FOVEA" drift profile $model --data data --json
prints '"profile":"run/best.profile.json","n":[0-9]+,"unreadable":0,"series":\["aspect_ratio"'
[ "$(wc -c < run/best.profile.json)" -lt 100000 ] || fail "the profile is large"

status 0 "$FOVEA" drift check --model $model --data now --least 50 --json
prints '^\{"drift":false,"statistics":\[\{"name":"wasserstein","on":"aspect_ratio","value":0,"p":1,"threshold":0.2,'
prints '"name":"jensen_shannon","on":"classes","value":[0-9.e-]+,"p":[0-9.e-]+,"threshold":0.1,"drift":false'
prints '"name":"domain_classifier","on":"features"'
prints '"estimated_accuracy":0\.[0-9]+,.*"accuracy":[01]\.?[0-9]*,"labelled":[0-9]+,"n":[0-9]+,'
status 0 "$FOVEA" drift check --model $model --data now
prints '^no drift: '

# Each answer says whether its picture is like those of the validation.
status 0 "$FOVEA" predict $model now/ring/000.png now/ring/001.png --json
prints '"outlier":\{"score":[0-9.]+,"threshold":[0-9.]+,"outlier":false\}'
status 0 "$FOVEA" predict $model now --out seen.csv
head -n 1 seen.csv | grep -qx path,label,score,label_2,score_2,label_3,score_3,outlier_score,outlier,error,model_hash ||
    fail "no columns for outliers"
status 0 "$FOVEA" drift check --model $model --data now --least 50 --json
prints '"outliers":[0-9]+,"scored":90,"outlier_share":0(\.0[0-9]*)?,'

# Upside down as to light: brightness moves, and the sheet shows it.
status 0 "$FOVEA" data show --help
for class in circle cross ring; do
    mkdir -p dark/$class
    for file in now/$class/*.png; do cp "$SOURCE"/tests/data/files/grey.png dark/$class/"$(basename "$file")"; done
done
status 0 "$FOVEA" drift check --model $model --data dark --least 50 --json --sheet dark.png
prints '^\{"drift":true,'
prints '"on":"brightness","value":[0-9.]+,"p":[0-9.e-]+,"threshold":0.2,"drift":true'
[ "$(head -c 4 dark.png | tail -c 3)" = PNG ] || fail "no sheet"
status 0 "$FOVEA" drift check --model $model --data dark --least 50 --windows 2 --json
prints '^\{"drift":false,.*"drifting_windows":1,'

# The same from the log, window by window, with labels that come from folders only where data are given.
status 0 "$FOVEA" predict $model now --log log --out a.csv
status 0 "$FOVEA" drift check --model $model --log log --least 50 --json
prints '^\{"drift":false,.*"accuracy":null,"labelled":0,'
status 0 "$FOVEA" predict $model dark --log log --out b.csv --key night
status 0 "$FOVEA" drift check --model $model --log log --window 60 --least 50 --json
prints '^\{"drift":true,.*"windows":[2-9],'
status 0 "$FOVEA" drift check --model $model --log log --key night --least 50
prints '^drift: '
prints '^brightness moved by [0-9.]+ standard deviations, from '

# By key, night alone stands out; a page, a sheet and gauges say the same as the text.
status 0 "$FOVEA" predict $model now --log log --out c.csv --key day
status 0 "$FOVEA" drift check --model $model --log log --by key --last 300 --json --page p.html --sheet p.png \
    --prometheus p.prom
prints '"by":"key","slices":\[\{"slice":"day","tested":true,"known":true,"drift":false,'
prints '\{"slice":"night","tested":true,"known":true,"drift":true,"alarm":true,"raised":true'
prints '"fired":\[.*\{"slice":"night","on":"brightness","why":"brightness moved by'
prints '"pictures":\["'
for part in '<!doctype html>' 'Key by key' 'data:image' 'Pictures that drive it'; do
    grep -qi "$part" p.html || fail "the page lacks $part"
done
grep -q '^fovea_drift_alarm{model="run/best.fovea",key="night"} 1$' p.prom || fail "no gauge of the night"
grep -q '^fovea_drift_alarm{model="run/best.fovea",key="day"} 0$' p.prom || fail "no gauge of the day"
status 0 "$FOVEA" drift check --model $model --log log --by class --window 150
prints '^class +n +strongest on'
status 0 "$FOVEA" drift check --model $model --log log --window-hours 1000000 --json
prints '"windows":1,'
status 2 "$FOVEA" drift check --model $model --log log --window 10 --window-hours 1
status 2 "$FOVEA" drift check --model $model --data now --by key
status 2 "$FOVEA" drift check --model $model --json
status 2 "$FOVEA" drift check --model $model --log log --data now

# A version has the profile that lay beside its file, or gets one.
export FOVEA_HOME="$work/home"
status 0 "$FOVEA" models register shapes run
status 0 "$FOVEA" drift check --model shapes/1 --data now --least 50 --json
prints '^\{"drift":false,'
status 1 "$FOVEA" drift profile shapes/1 --data now
grep -q 'a version is not changed' err || fail "a version's profile was replaced"
cp $model alone.fovea
status 0 "$FOVEA" models register lone alone.fovea
grep -q 'no reference profile: it is not known which pictures' err || fail "it is not told that there is no profile"
status 1 "$FOVEA" drift check --model lone/1 --data now
status 0 "$FOVEA" drift profile lone/1 --data data
status 0 "$FOVEA" drift check --model lone/1 --data dark --least 50
prints '^drift: '

# Made as it is registered: of what the recipe split off, and of pictures that are named.
mkdir copy && cp run/best.fovea run/recipe.yaml copy
status 0 "$FOVEA" models register copied copy --json
prints '"profile_pictures":6[0-9]\}'
status 0 "$FOVEA" drift check --model copied/1 --data dark --least 50
prints '^drift: '
cp $model other.fovea && status 0 "$FOVEA" models register named other.fovea --data data --json
prints '"profile_pictures":300\}'
status 1 "$FOVEA" models register wrong other.fovea --data nowhere
status 0 "$FOVEA" models register bare copy --without-profile
status 1 "$FOVEA" drift check --model bare/1 --data now
status 1 "$FOVEA" drift check --model misspelt.fovea --data now
grep -q 'cannot read misspelt.fovea' err || fail "a file that is not there is taken for a version"

# Labels come back by id: the true accuracy stands beside the estimated one.
"$FOVEA" log export log --out log.csv > out
awk -F, 'NR == 1 { print "id,label" } NR > 1 && NR <= 61 { print $1 "," (NR % 4 ? $8 : "other") }' log.csv > labels.csv
status 0 "$FOVEA" data label labels.csv --log log --by Ann --json
prints '^\{"rows":60,"labelled":60,"refused":0,'
status 0 "$FOVEA" drift check --model $model --log log --json
prints '"accuracy":0\.75,"labelled":60,'
printf 'id,label\nnobody,cat\n' > wrong.csv
status 1 "$FOVEA" data label wrong.csv --log log
grep -q 'line 2: the log has no prediction nobody' err || fail "a row that cannot be used is not named"
status 1 "$FOVEA" data label wrong.csv --log nowhere
[ ! -e nowhere ] || fail "a log was made of nothing"
