#!/bin/sh
# fovea registry: a workspace checked, damaged, backed up, restored, cleared of what is unused; the audit log and tokens.
# Not under ThreadSanitizer: the registry has no threads.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "registry_care: $1" >&2; cat out err >&2; exit 1; }
registry() {
    want=$1; shift; got=0
    "$FOVEA" registry "$@" > out 2> err || got=$?
    [ "$got" = "$want" ] || fail "status $got, not $want: $*"
}
says() { grep -qF -- "$1" out err || fail "does not say: $1"; }

# Nothing is made where there is nothing.
registry 1 fsck --workspace none
says "there is no workspace none"
[ ! -e none ] || fail "a workspace was made by looking for one"

mkdir acks
"$BUILD/bin/registrar" ws 3 acks
FOVEA_HOME=$work/ws
export FOVEA_HOME
registry 0 fsck --json
says '{"wrong":0,"objects":3,"bytes":9000,"findings":[]}'
registry 0 verify --json
says '{"whole":true,"rows":'

# Backups: the second copies nothing; a damaged object is found by fsck and brought back by a restore.
registry 0 backup copy --json
says '"copied":3,"bytes":9000,"present":0,"lost":0'
registry 0 backup copy
says "0 objects copied (0 bytes), 3 were there"
registry 0 fsck --workspace copy
object=$(find ws/objects -type f | grep -v objects/new | LC_ALL=C sort | head -1)
chmod u+w "$object"
printf x | dd of="$object" bs=1 seek=1500 conv=notrunc 2> dd.log
registry 1 fsck
says "is damaged"
registry 1 backup another
says "1 objects are missing or damaged"
registry 0 backup copy # which has it from before
registry 1 restore copy
says "there is a workspace in"
registry 0 restore copy --replace
registry 0 fsck
ls ws/backups/before-restore-*.db > listing || fail "the old database is gone"

# gc: the dry run says what the real one does.
sqlite3 ws/fovea.db "UPDATE model SET stage = 'deleted'; UPDATE model SET deleted_ms = deleted_ms - 40 * 86400000;
                     UPDATE object SET created_ms = created_ms - 40 * 86400000" 2> err || skip=yes
if [ -z "${skip:-}" ]; then
    registry 0 gc
    says "removed 0 unused objects"
    registry 0 gc --deleted-days 30 --dry-run
    says "would remove model cells"
    says "would remove 3 unused objects (9 kB)"
    registry 0 gc --deleted-days 30 --json
    says '{"kind":"model","name":"cells"}'
    says '"objects":3,"bytes":9000'
    registry 0 log --json
    says '"action":"version.remove","subject":"models/cells/1"'
    registry 0 fsck --json
    says '{"wrong":0,"objects":0,"bytes":0,"findings":[]}'
fi

# Tokens: told once, listed without the secret, ended.
registry 0 token list
says "no tokens: the server is open"
registry 0 token create robot --role write --scope 'models/cells,experiments/cells/*' --days 30
says "the first token: from now on"
secret=$(sed -n 's/^token *//p' out)
[ "${#secret}" = 49 ] || fail "no secret"
! grep -rqF "$secret" ws || fail "the secret is kept"
registry 0 token list --json
says '"name":"robot","state":"good","role":"write","scope":["models/cells","experiments/cells/*"]'
registry 2 token create other --scope cells
says '"cells" is no scope'
registry 1 token create robot
says "there is, or was, a token robot"
registry 0 token revoke robot
registry 0 token list
says "revoked"
registry 1 token revoke nobody

# The audit log: read, proven, edited, proven not to be whole, restarted.
registry 0 log --json
says '"action":"token.revoke","subject":"tokens/robot","details":{}}'
says '"details":{"role":"write","scope":"models/cells\nexperiments/cells/*","days":30}'
registry 0 log
says "tokens/robot"
says "role write, scope models/cells experiments/cells/*, days 30"
says "digest "
! grep -qF '{' out || fail "a line of the log is not for people"

# A noun of two words has a page too.
registry 0 token --help
says "usage: fovea registry token VERB …"
says "registry token revoke"
registry 2 token
says "registry token create"
registry 2 token nothing
says 'fovea registry token: there is no "nothing"'
registry 0 verify
if [ -z "${skip:-}" ]; then
    sqlite3 ws/fovea.db "DROP TRIGGER audit_is_not_changed; UPDATE audit SET actor = 'nobody' WHERE action = 'token.create'"
    registry 1 verify
    says "it was changed, put in or moved"
    registry 1 fsck
    registry 0 verify --restart
fi
rm ws/audit.key
registry 1 verify
says "audit.key is gone"
says "verify --restart"
registry 0 verify --restart
registry 0 fsck
