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

kinds=
for table in "$BUILD"/tables/*_table.c; do
    kind=$(basename "$table" _table.c)
    [ "$kind" != test ] && [ "$kind" != command ] || continue # not in the library
    kinds="$kinds $kind"
    sed -n '/^#include "/p' "$table" >> "$work/headers"
done
{
    sort -u "$work/headers"
    printf '#include <stdio.h>\nint main(void) {\n'
    for kind in $kinds; do
        printf '    int %s = 0;\n    while (fv_%s_table[%s]) %s++;\n' "$kind" "$kind" "$kind" "$kind"
        printf '    printf("%s %%d\\n", %s == fv_%s_table_count ? %s : -1);\n' "$kind" "$kind" "$kind" "$kind"
    done
    printf '}\n'
} > "$work/count.c"
# One program: link-time optimisation takes its time for each.
$CC $sanitize -std=gnu17 -D_GNU_SOURCE -I. -Iinclude "$work/count.c" -o "$work/count" "$BUILD/lib/libfovea.a" $libraries \
    -Wl,--gc-sections
"$work/count" > "$work/counts"
[ "$(wc -l < "$work/counts")" -gt 10 ] || fail "$(wc -l < "$work/counts") kinds are found"
while read -r kind there; do
    written=$(find . -path "./build*" -prune -o -name "*.c" -exec grep -hE "^const fv_$kind fv_${kind}_\w+ = \{" {} + | wc -l)
    [ "$there" -eq "$written" ] || fail "$written descriptors of kind $kind are in the sources, $there in fv_${kind}_table"
done < "$work/counts"
