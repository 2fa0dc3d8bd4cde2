#!/bin/sh
# The server's pages in Debian's Chromium: nothing is refused by the Content-Security-Policy, no script fails, and the dashboard
# has charts before anybody has asked; and the unit for systemd. What is not installed is skipped.
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "serve_pages: $1" >&2; tail -50 out err page 2> /dev/null >&2; exit 1; }

if command -v systemd-analyze > /dev/null; then
    # The program need not be where an installed one is.
    sed "s|^ExecStart=[^ ]*|ExecStart=$FOVEA|" "$SOURCE"/examples/fovea.service > fovea.service
    systemd-analyze verify --man=no ./fovea.service > out 2>&1 || grep -q 'Failed to \(connect\|init\)' out || fail "the unit"
    ! grep -q 'service:.*\(Unknown\|Failed to parse\|Invalid\)' out || fail "the unit has what systemd does not know"
fi
command -v chromium > /dev/null || { echo "no chromium: skipped"; exit 77; }

for class in circle cross; do
    mkdir -p data/$class
    cp "$SOURCE"/examples/shapes/train/$class/00[0-4].png data/$class
done
"$FOVEA" train --data data --arch "small_cnn width=4" --channels 1 --size 28 --epochs 1 --batch 10 --no-track --out run \
    > out 2> err || fail "no model"
. "$SOURCE/tests/scripts/serve_start"
start run/best.fovea --name shapes --log none
address=$(sed -n 's/^serving at //p' out)
for page in / /dashboard; do
    HOME=$work timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/chromium" \
        --enable-logging=stderr --virtual-time-budget=4000 --dump-dom "$address$page" > page 2> said ||
        fail "Chromium does not show $page"
    ! grep -q 'CONSOLE.*\(Error\|Refused\|violates\)' said || { grep CONSOLE said >&2; fail "$page has errors"; }
    case $page in
    /) grep -q 'id="file"' page && grep -q 'id="why"' page && grep -q 'shapes' page || fail "no place for a picture" ;;
    *) [ "$(grep -o 'class="u-over"' page | wc -l)" -ge 3 ] && grep -q '<td>shapes</td>' page || fail "no charts" ;;
    esac
done
