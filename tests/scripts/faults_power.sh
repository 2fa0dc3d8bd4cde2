#!/bin/sh
# The power lost at a few instants of a training: the short form of tests/soak/power_loss.py, where what is right is said.
set -eu
command -v python3 > /dev/null || { echo "no python3: skipped"; exit 77; }
[ -z "$FOVEA_SANITIZE" ] || { echo "a sanitizer has its own allocator and must be loaded first: skipped"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$SOURCE/tests/soak/power_loss.py" "$BUILD" --sample 12
