#!/bin/sh
# A retraining job killed at a few instants of its life: the short form of tests/soak/retrain_kills.sh.
set -eu
exec "$SOURCE/tests/soak/retrain_kills.sh" 4 "$BUILD"
