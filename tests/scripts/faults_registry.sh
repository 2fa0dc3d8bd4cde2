#!/bin/sh
# The power lost, and a disk full, at a few calls of a registration: the short form of tests/soak/registry_faults.py, where what
# is right is said.
set -eu
command -v python3 > /dev/null || { echo "no python3: skipped"; exit 77; }
[ -z "$FOVEA_SANITIZE" ] || { echo "a sanitizer has its own allocator and must be loaded first: skipped"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
python3 "$SOURCE/tests/soak/registry_faults.py" "$BUILD" power --sample 120
python3 "$SOURCE/tests/soak/registry_faults.py" "$BUILD" calls --sample 80 --error ENOSPC
