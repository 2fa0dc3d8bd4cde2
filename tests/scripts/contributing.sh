#!/bin/sh
# What the documents say of the tree is so: the table of docs/contributing.md has every kind of part that CMakeLists.txt makes a
# table of, with its folder and header, and no other; the README's reading path can be walked; links lead somewhere. A folder of
# the house that is still empty is left out, as the build leaves it out.
set -eu
cd "$SOURCE"
bad=0
complain() { echo "contributing: $1" >&2; bad=1; }

# Lines of KIND HEADER FOLDER, as documented and as built.
documented=$(sed -n \
    's/^| an* [a-z ]* | `\(.*\)\/[^/]*\.c` | `const fv_\([a-z_]*\) .*` | `\(.*\)` |$/\2 \3 \1/p' docs/contributing.md)
built=$(grep -oE '"[a-z_]+ [a-z_/]+\.h[a-z_/ ]*"' CMakeLists.txt | tr -d '"')
[ -n "$documented" ] && [ -n "$built" ] || complain "a table is empty: has its form changed?"

while read -r kind header folder; do
    [ -d "$folder" ] || [ ! -f "$header" ] || complain "there is no folder $folder for an fv_$kind"
    echo "$built" | grep -qE "^$kind $header( $folder)?$" || complain "CMakeLists.txt has no \"$kind $header $folder\""
done << END
$documented
END
while read -r kind header folder; do
    [ ! -f "$header" ] || echo "$documented" | grep -q "^$kind $header " || complain "fv_$kind of $header is not documented"
done << END
$built
END

for path in $(sed -n 's/^[1-6]\. `\(.*\)`: .*/\1/p' README.md); do
    [ -f "$path" ] || [ ! -d "${path%%/*}" ] || complain "README.md leads to $path, which is not there"
done
for document in README.md docs/*.md; do
    for link in $(grep -o '](\([^)#:]*\))' "$document" | sed 's/](\(.*\))/\1/'); do
        [ -e "$(dirname "$document")/$link" ] || complain "$document links to $link, which is not there"
    done
done
exit $bad
