#!/bin/sh
# Processes that write and read one workspace, killed at random for a few seconds: the short form of tests/soak/registry.py.
# They wait for minutes if need be: how long a disk takes, which other tests use too, is no matter here.
set -eu
command -v python3 > /dev/null || { echo "no python3: skipped"; exit 77; }
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$SOURCE/tests/soak/registry.py" "$BUILD" --minutes 0.1 --writers 4 --readers 2 --wait-seconds 300
