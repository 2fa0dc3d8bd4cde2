#!/bin/sh
# docs/reference is what the program prints of its own tables, and the pictures that it shows are there.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for page in $("$FOVEA" help --markdown); do "$FOVEA" help --markdown "$page" > "$work/$page.md"; done
diff -r "$work" "$SOURCE/docs/reference" || { echo "reference: run scripts/make-reference" >&2; exit 1; }
grep -ho '(\.\./images/[^)]*)' "$work"/*.md | tr -d '()' | while read -r picture; do
    [ -s "$SOURCE/docs/reference/$picture" ] && continue
    echo "reference: no $picture: run scripts/make-transform-pictures" >&2
    exit 1
done
