#!/bin/sh
# SIGKILL at five random instants, and a few disks that are too small: the short forms of tests/soak/kill9.sh and full_disk.sh.
# Not under ThreadSanitizer: trains as train_resume does.
set -eu
"$SOURCE/tests/soak/kill9.sh" 5 "$FOVEA"
status=0
"$SOURCE/tests/soak/full_disk.sh" 90 "$FOVEA" || status=$?
[ $status = 0 ] || [ $status = 77 ] # no right to mount a disk
