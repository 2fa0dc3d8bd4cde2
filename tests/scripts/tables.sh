#!/bin/sh
# Every descriptor in the sources is in the table of a program that links libfovea.a, with sections collected, under whatever
# this build is made with (sanitizers, link-time optimisation).
# Not under ThreadSanitizer: a table has no threads.
set -eu
fail() { echo "tables: $1" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sanitize=${FOVEA_SANITIZE:+-fsanitize=$FOVEA_SANITIZE}
libraries=$(grep '^Libs.private:' "$BUILD/fovea.pc" | cut -d: -f2-)
cd "$SOURCE"

for table in "$BUILD"/tables/*_table.c; do
    kind=$(basename "$table" _table.c)
    [ "$kind" != test ] && [ "$kind" != command ] || continue # not in the library
    header=$(sed -n 's/^#include "\(.*\)"$/\1/p' "$table")
    cat > "$work/count.c" <<END
#include "$header"
#include <stdio.h>
int main(void) {
    int n = 0;
    while (fv_${kind}_table[n]) n++;
    printf("%d\n", n == fv_${kind}_table_count ? n : -1);
    return 0;
}
END
    $CC $sanitize -std=gnu17 -D_GNU_SOURCE -I. -Iinclude "$work/count.c" -o "$work/count" \
        "$BUILD/lib/libfovea.a" $libraries -Wl,--gc-sections
    there=$("$work/count")
    written=$(find . -path "./build*" -prune -o -name "*.c" -exec grep -hE "^const fv_$kind fv_${kind}_\w+ = \{" {} + | wc -l)
    [ "$there" -eq "$written" ] || fail "$written descriptors of kind $kind are in the sources, $there in fv_${kind}_table"
done
