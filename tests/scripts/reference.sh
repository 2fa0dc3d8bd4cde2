#!/bin/sh
# docs/reference is what the program prints of its own tables.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for page in $("$FOVEA" help --markdown); do "$FOVEA" help --markdown "$page" > "$work/$page.md"; done
diff -r "$work" "$SOURCE/docs/reference" || { echo "reference: run scripts/make-reference" >&2; exit 1; }
