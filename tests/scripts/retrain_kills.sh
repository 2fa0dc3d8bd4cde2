#!/bin/sh
# A retraining job killed at a few instants of its life: the short form of tests/soak/retrain_kills.sh.
set -eu
[ -z "$FOVEA_SANITIZE" ] || { echo "a sanitizer has its own allocator and must be loaded first: skipped"; exit 77; }
exec "$SOURCE/tests/soak/retrain_kills.sh" 4 "$BUILD"
