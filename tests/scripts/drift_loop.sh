#!/bin/sh
# The short form of examples/drift-loop/run: a shift, an alarm, labels, a retraining, a promotion, and the accuracy back again.
set -eu
[ -z "$FOVEA_SANITIZE" ] || { echo "its parts are tested by script_drift and script_retrain: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
OMP_NUM_THREADS=2 "$SOURCE/examples/drift-loop/run" --short "$work/loop"
grep -q '<polyline' "$work/loop/page.html"
