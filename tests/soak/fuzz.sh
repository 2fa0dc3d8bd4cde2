#!/bin/sh
# fuzz.sh [SECONDS [NAME…]]: each fuzz target (or those named), so long (600), from its corpus in the tree, under
# AddressSanitizer and UBSan. What it finds to be new stays in build/fuzz/found/NAME and is gone on with the next time; an
# input that fails is left in build/fuzz/failed/NAME. A row a target at the end; non-zero if any failed.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-600}
[ $# -eq 0 ] || shift
cmake --preset fuzz > build-fuzz.log 2>&1 || { cat build-fuzz.log; exit 1; }
cmake --build --preset fuzz --parallel 2 >> build-fuzz.log 2>&1 || { cat build-fuzz.log; exit 1; }
rm build-fuzz.log
[ $# -gt 0 ] || set -- $(cd build/fuzz/bin && ls -d fuzz_* | sed 's/^fuzz_//')

failed=0
for name; do
    found=build/fuzz/found/$name broken=build/fuzz/failed/$name log=build/fuzz/$name.log
    mkdir -p "$found" "$broken"
    seeds=
    for folder in tests/fuzz/corpus/$name tests/data/files/$name; do
        [ ! -d "$folder" ] || seeds="$seeds $folder"
    done
    case $name in jpeg | png) seeds=tests/data/files ;; esac
    if build/fuzz/bin/fuzz_"$name" -max_total_time="$seconds" -rss_limit_mb=2048 -malloc_limit_mb=1024 -timeout=20 \
        -max_len=65536 -print_final_stats=1 -artifact_prefix="$broken/" "$found" $seeds > "$log" 2>&1; then
        verdict=clean
    else
        verdict="FAILED, see $log" failed=1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    echo "$name: ${runs:-?} runs, ${covered:-?} edges, ${peak:-?} MB at most: $verdict"
done
exit $failed
