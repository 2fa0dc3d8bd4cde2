#!/bin/sh
# A model file and a checkpoint open in h5py, with the layout that include/fovea/model.h promises. Skipped where there is no
# h5py.
set -eu
python=${PYTHON:-python3}
"$python" -c 'import h5py' 2> /dev/null || { echo "model_h5py: skipped, $python has no h5py" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$FOVEA" train --data "$SOURCE/examples/shapes/test" --arch lenet --channels 1 --epochs 1 --out run > /dev/null 2> err ||
    { cat err >&2; exit 1; }
read_by_h5py() { "$python" "$SOURCE/tests/golden/open_model.py" "run/$1" > out; cat out; grep -qx "$2" out; }
classes="classes circle,cross,ring,square,triangle"
best="sections calibration,classes,metrics,objective,recipe,selftest,signature,transforms"
last="sections classes,objective,recipe,signature,training,transforms"
read_by_h5py best.fovea "428645 parameters, 0 slots, $classes, $best"
read_by_h5py last.fovea "428645 parameters, 10 slots, $classes, $last"
