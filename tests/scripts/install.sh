#!/bin/sh
# What `cmake --install` leaves is enough for a stranger: libraries that export fv_* alone, headers, pkg-config, static and
# shared.
set -eu
fail() { echo "install: $1" >&2; exit 1; }
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$BUILD" --prefix "$prefix" > /dev/null

pc=$(dirname "$(find "$prefix" -name fovea.pc)")
[ -f "$pc/fovea.pc" ] || fail "fovea.pc is missing"
lib=$(dirname "$pc")
export PKG_CONFIG_PATH="$pc"
config() { pkg-config "$@" fovea; }

for header in "$SOURCE"/include/fovea/*.h; do
    name=$(basename "$header")
    [ -f "$prefix/include/fovea/$name" ] || fail "$name is missing"
    [ "$name" = fovea.h ] || grep -q "^#include \"fovea/$name\"" "$SOURCE/include/fovea/fovea.h" ||
        fail "fovea.h leaves out $name"
done

reader=$prefix/libexec/fovea/fovea-reader
[ -x "$reader" ] || reader=$(find "$prefix" -name fovea-reader)
[ -x "$reader" ] || fail "fovea-reader is missing"

# Exports, seen from outside, and global symbols, seen by whoever links statically. (Sanitizers and the compiler add names with
# '_'.)
only_ours() { awk 'NF == 3 && $3 !~ /^(fv_|_|DW\.ref\.)/ { print; bad = 1 } END { exit bad }'; }
nm -D --defined-only "$lib/libfovea.so" | only_ours || fail "libfovea.so exports these"
nm -g --defined-only "$lib/libfovea.a" | only_ours || fail "libfovea.a defines these"

# A stranger's program, both ways. Sanitized libraries want a sanitized program.
cat > "$prefix/stranger.c" <<'END'
#include <fovea/fovea.h>
#include <stdio.h>
int main(void) { return puts(fv_code_name(FV_USAGE)) < 0 || fv_error_live() != 0; }
END
sanitize=${FOVEA_SANITIZE:+-fsanitize=$FOVEA_SANITIZE}
$CC $sanitize $(config --cflags) "$prefix/stranger.c" -o "$prefix/shared" $(config --libs) -Wl,-rpath,"$lib"
[ "$("$prefix/shared")" = usage ] || fail "a program with libfovea.so does not run"
rm "$lib"/libfovea.so*
$CC $sanitize $(config --cflags) "$prefix/stranger.c" -o "$prefix/static" $(config --static --libs) -Wl,--gc-sections
[ "$("$prefix/static")" = usage ] || fail "a program with libfovea.a does not run"

"$prefix/bin/fovea" version > /dev/null || fail "bin/fovea does not run"

# Both programs are enough, wherever they lie; by hand the reader does nothing.
mkdir "$prefix/elsewhere"
cp "$prefix/bin/fovea" "$reader" "$prefix/elsewhere"
for fovea in "$prefix/bin/fovea" "$prefix/elsewhere/fovea"; do
    "$fovea" doctor --dir "$prefix" > "$prefix/page"
    grep -q "^reader  *$(dirname "$fovea")/" "$prefix/page" || fail "$fovea does not find its reader"
done
! "$reader" 2> /dev/null || fail "the reader runs by hand"
