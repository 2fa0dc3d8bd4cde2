#!/bin/sh
# coverage.sh [--left] [--group NAME]: builds with counts of branches (cmake --preset coverage), runs the tests that reach the
# model file, the checkpoint, the decoders and the lists, and prints how many of their branches were taken (coverage.py says how
# they are counted). fovea-reader ends in a sandbox where it could write no counts: for this it runs without (no_sandbox.c).
set -eu
cd "$(dirname "$0")/../.."
build=$PWD/build/coverage log=$PWD/build/coverage.log
mkdir -p build
tests='core_formats|data_|train_|predict_'
targets='bmp|cifar_binary|gif|idx|jpeg|list|model_file|png|pnm|reader_answer|tiff|webp'

cmake --preset coverage > "$log" 2>&1 || { cat "$log"; exit 1; }
cmake --build --preset coverage --parallel 2 >> "$log" 2>&1 || { tail -50 "$log"; exit 1; }
find "$build" -name '*.gcda' -exec rm {} +

FOVEA_READER=$build/fovea-reader-counted
export FOVEA_READER
cat > "$FOVEA_READER" << END
#!/bin/sh
LD_PRELOAD=$build/lib/no_sandbox.so exec $build/libexec/fovea/fovea-reader "\$@"
END
chmod +x "$FOVEA_READER"
ctest --preset coverage --parallel 2 -R "^(($tests)|fuzz_($targets)\$)" >> "$log" 2>&1 || { tail -50 "$log"; exit 1; }
python3 tests/soak/coverage.py "$build" "$@"
