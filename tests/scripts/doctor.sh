#!/bin/sh
# fovea doctor: figures of this machine, and what it makes of limits that a container sets; it leaves nothing in the folder.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "doctor: $1" >&2; cat out err >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" > out 2> err || got=$?; [ "$got" = "$want" ] || fail "exit status $got, not $want: $*"; }
prints() { grep -qE -- "$1" out || fail "standard output does not match: $1"; }

mkdir data
status 0 "$FOVEA" doctor --dir data --json
prints '^\{.*"cpus":[1-9][0-9]*,.*"threads":[1-9].*"isa":"[a-z0-9]+",.*"gflops":[0-9.]+,.*"findings":\[.*\]\}$'
prints '"decoded":[1-9][0-9.]*,"disk":"[a-z0-9]+"'
[ -z "$(ls -A data)" ] || fail "something is left in the folder"
status 1 "$FOVEA" doctor --dir nowhere
grep -q nowhere err || fail "a folder that is not there is not named"

# A machine as a container sees it: half a CPU, 256 MiB of 2 GiB, threads that share a core.
mkdir -p m/proc/self m/sys/fs/cgroup/box/inner
printf 'processor\t: 0\nmodel name\t: Slow 9000\n' > m/proc/cpuinfo
printf 'MemTotal:        2097152 kB\nMemFree: 1 kB\nMemAvailable:    1024000 kB\n' > m/proc/meminfo
echo '9.50 1.00 1.00 3/99 1234' > m/proc/loadavg
echo '0::/box/inner' > m/proc/self/cgroup
echo 'max 100000' > m/sys/fs/cgroup/box/inner/cpu.max
echo '50000 100000' > m/sys/fs/cgroup/box/cpu.max
echo max > m/sys/fs/cgroup/box/memory.max
echo 268435456 > m/sys/fs/cgroup/box/inner/memory.max
status 0 env OMP_NUM_THREADS=7 FOVEA_ISA=portable "$FOVEA" doctor --dir data --root m
prints '^cpu +Slow 9000$'
prints '^quota +0.5$'
prints '^- control groups allow 0.5 of the [0-9]+ CPUs. time$'
prints '^- control groups allow 0.2 of 2.0 GiB memory$'
prints '^- only 1000 MiB of memory are free$'
prints '^- other processes are at work: the load is 9.5 on '
prints '^- OMP_NUM_THREADS=7 is set'
prints '^- FOVEA_ISA=portable bounds'
prints '^  way out: unset it$'

# The program that goes through model files: that it works, what it is kept by, and what is said where it is not there.
prints '^reader +/.*fovea-reader$'
prints '^reader_kept_by +.*limits of .*processor time$'
status 0 env FOVEA_READER=/nowhere "$FOVEA" doctor --dir data
prints '^- no model can be read: FOVEA_READER=/nowhere is no program$'
