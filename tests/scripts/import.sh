#!/bin/sh
# fovea import and export: weights given away under their own names, taken back from a file and from a URL with its
# checksum; what does not fit is told and writes nothing; fine-tuning starts from what was imported, and carries licence and
# names through.
# Not under ThreadSanitizer: reading weights has no threads, and finetune trains.
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "import: $1" >&2; cat out err >&2; exit 1; }
refuses() {
    status=0
    "$FOVEA" import "$@" --out no.fovea > out 2> err || status=$?
    [ $status != 0 ] && [ ! -e no.fovea ] || fail "taken: $*"
}
says() { grep -qF -- "$1" err || fail "does not say: $1"; }
cells=$SOURCE/examples/cells/test
arch="resnet18 width=4 size=48,48"
steps="resize size=48,48; normalize mean=0.5 std=0.25"
"$FOVEA" train --data "$cells" --arch "resnet18 width=4" --size 48 --transforms "$steps" --epochs 1 --batch 32 --no-track \
    --out run > out 2> err || fail "no model"
licence=
for format in safetensors npz; do
    "$FOVEA" export run/best.fovea --$format w.$format --json > out 2> err || fail "cannot be exported as $format"
    grep -q '"max_abs_diff":0' out || fail "$format differs"
    "$FOVEA" import w.$format --arch "$arch" $licence --out $format.fovea --json > out 2> err || fail "$format is not taken"
    grep -q '"missing":\[\],"unexpected":\[\]' out || fail "$format does not fit"
    "$FOVEA" export $format.fovea --$format again.$format > out 2> err || fail "$format cannot be given away again"
    [ $format = npz ] || cmp w.$format again.$format || fail "$format is another when it is given away again"
    "$FOVEA" model show $format.fovea --json > out 2> err && grep -q 'made by formula' out || fail "it has no self-test"
    licence="--licence MIT"
done

# What it says is that model's, whose preprocessing is another.
"$FOVEA" predict run/best.fovea "$cells/white_cell" --logits > said 2> err || fail "the model does not predict"
"$FOVEA" import w.npz --arch "$arch" --preprocess "$steps" --out same.fovea > out 2> err || fail "its own transforms do not fit"
"$FOVEA" predict same.fovea "$cells/white_cell" --logits > again 2> err || fail "what was imported does not predict"
sed 's/.*logits //' said > a
sed 's/.*logits //' again > b
cmp a b || fail "what was imported answers otherwise"

# What does not fit.
refuses w.npz --arch "resnet18 width=8 size=48,48"
says "of another shape; nothing was written"
refuses w.npz --arch "resnet34 width=4 size=48,48"
says "missing"
refuses w.npz --arch "$arch" --sha256 00
says "--sha256 is of a URL"
printf 'broken' > broken.npz
refuses broken.npz --arch "$arch"
says broken.npz

# From what was imported, without a word of its network.
"$FOVEA" finetune --weights npz.fovea --data "$cells" --epochs 1 --batch 32 --no-track --out tuned > out 2> err ||
    fail "fine-tuning does not start from it"
says "resnet18 width=4 for 3 classes"
"$FOVEA" model show tuned/best.fovea > out 2> err || fail "what was tuned cannot be looked at"
grep -q "weights of w.npz: MIT" out || fail "the licence is lost"
"$FOVEA" export tuned/best.fovea --safetensors tuned.safetensors > out 2> err || fail "what was tuned cannot be exported"
grep -qa 'layer4.1.bn2.running_var' tuned.safetensors && grep -qa MIT tuned.safetensors || fail "names or licence are lost"

# By URL.
command -v python3 > /dev/null || exit 0
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
python3 - > port 2> server.log << 'END' & server=$!
import http.server, sys
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
END
for i in $(seq 100); do [ ! -s port ] || break; sleep 0.1; done
at=http://127.0.0.1:$(cat port)
mkdir got
"$FOVEA" import "$at/w.safetensors" --arch "$arch" --sha256 "$(sha256sum < w.safetensors | cut -d' ' -f1)" --out got/m.fovea \
    > out 2> err || fail "a URL is not taken"
cmp w.safetensors got/w.safetensors || fail "another file was fetched"
"$FOVEA" export got/m.fovea --safetensors got/x.safetensors > out 2> err && cmp got/x.safetensors w.safetensors ||
    fail "other weights were fetched"
refuses "$at/w.npz" --arch "$arch" --sha256 "$(sha256sum < w.safetensors | cut -d' ' -f1)"
says "w.npz"
