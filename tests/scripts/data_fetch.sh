#!/bin/sh
# fovea data fetch, against a server of our own: resumed, retried, checked, renamed when whole; none half has the name.
# Not under ThreadSanitizer: fetching has no threads.
set -eu
command -v python3 > /dev/null || { echo "no python3: skipped"; exit 77; }
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 "$SOURCE/tests/scripts/fetch_server.py" port log & server=$!
for i in $(seq 100); do [ ! -s port ] || break; sleep 0.1; done
read -r port sum < port
at=http://127.0.0.1:$port
fail() { echo "data_fetch: $1" >&2; cat out err log >&2; exit 1; }
fetch() {
    want=$1; shift; got=0
    "$FOVEA" data fetch --retry-wait 0.01 "$@" > out 2> err || got=$?
    [ "$got" = "$want" ] || fail "status $got, not $want: $*"
}
says() { grep -qF -- "$1" err || fail "does not say: $1"; }
is_whole() {
    [ "$(sha256sum < "$1")" = "$sum  -" ] || fail "$1 is not what it should be"
    [ ! -e "$1.part" ] && [ ! -e "$1.part.from" ] || fail "$1.part is left"
}
asked() { grep -qxF -- "$1" log || fail "was not asked: $1"; }

fetch 0 "$at/good/file.bin?x=1" --sha256 "$sum" --json
is_whole file.bin
grep -qF '"path":"file.bin","bytes":262144,"resumed_at":0,"present":false,' out && grep -qF "$sum" out || fail "another record"
fetch 0 "$at/good/file.bin" --sha256 "$sum" --json
grep -q '"present":true' out || fail "fetched what is there"
[ "$(grep -c good log)" = 1 ] || fail "asked for what is there"
fetch 1 "$at/good/file.bin"
says "file.bin is there already"

# A connection that breaks: gone on with in the same call, or in a later one.
fetch 0 "$at/cut/a.bin" -o into/
is_whole into/a.bin
asked 'cut bytes=100000- "fixed"'
fetch 1 "$at/whole/w.bin" --attempts 1
says "given up after 1 attempt"
[ ! -e w.bin ] && [ "$(wc -c < w.bin.part)" = 100000 ] || fail "half a file has the name, or the half is lost"
fetch 0 "$at/whole/w.bin" # a server that knows no ranges
is_whole w.bin
fetch 1 "$at/weak/d.bin" --attempts 1
fetch 0 "$at/weak/d.bin" --json
is_whole d.bin
asked 'weak bytes=100000- Wed, 21 Oct 2015 07:28:00 GMT'
grep -q '"resumed_at":100000' out || fail "not resumed"
fetch 0 "$at/changing/c.bin"
is_whole c.bin
asked 'changing bytes=100000- "1"'
fetch 0 "$at/none/n.bin" # nothing to know it by: from the start
is_whole n.bin
asked 'none None None'
[ "$(grep -c '^none None None$' log)" = 2 ] || fail "resumed what may be another file"

# Left whole, but without its name.
fetch 0 "$at/good/file.bin" -o x.bin
mv x.bin x2.bin.part
printf '%s\n"fixed"\n' "$at/good/x" > x2.bin.part.from
fetch 0 "$at/good/x" -o x2.bin
is_whole x2.bin
asked 'good bytes=262144- "fixed"'

# Without libcurl, or with what is none: what is missing and how to get it is said, and nothing is left.
mkdir broken
echo "no library" > broken/libcurl.so.4
LD_LIBRARY_PATH=$work/broken fetch 1 "$at/good/u.bin"
says "libcurl.so.4 (of libcurl4) cannot be used: $work/broken/libcurl.so.4"
says "hint: on Debian: apt-get install libcurl4"
[ ! -e u.bin ] && [ ! -e u.bin.part ] || fail "something is kept of what could not be fetched"
LD_LIBRARY_PATH=$work/broken "$FOVEA" --version > out 2> err || fail "other commands need libcurl"

# Servers that are busy, and answers that stay.
fetch 0 "$at/busy/b.bin"
is_whole b.bin
says "503"
fetch 1 "$at/broken/b2.bin" --attempts 2
says "given up after 2 attempts"
fetch 1 "$at/missing/m.bin"
says "$at/missing/m.bin: the server answers 404 Not Found"
fetch 1 "$at/secret/s.bin"
says "403"
[ ! -e m.bin ] && [ ! -e m.bin.part ] && [ ! -e s.bin.part ] || fail "something is kept of an error"

fetch 1 "$at/good/wrong.bin" --sha256 0000000000000000000000000000000000000000000000000000000000000000
says "has the SHA-256 $sum, not 0000"
[ ! -e wrong.bin ] && [ ! -e wrong.bin.part ] || fail "a wrong file is kept"
fetch 2 "$at/good/wrong.bin" --sha256 123
says "not 64 hexadecimal digits"

fetch 0 "$at/redirect/r.bin"
is_whole r.bin
fetch 0 "$at/open/o.bin" # without a length
is_whole o.bin
fetch 0 "$at/empty/e.bin"
[ -e e.bin ] && [ ! -s e.bin ] || fail "an empty file is none"
fetch 0 http://nowhere.invalid/good/p.bin --proxy "$at"
is_whole p.bin
http_proxy=$at fetch 0 http://nowhere.invalid/good/q.bin
is_whole q.bin
fetch 1 "$at/good/l.bin" -o missing_folder/l.bin
says "cannot write missing_folder/l.bin.part: No such file or directory"
fetch 2 "file:///etc/passwd" -o f.bin
says "is no http or https URL"
fetch 2 "$at/"
says "the URL ends in no file's name"
fetch 1 "https://127.0.0.1:$port/good/t.bin" --attempts 1 --ca-file none.pem
