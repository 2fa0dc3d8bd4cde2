#!/bin/sh
# The man page and the completion of bash: they parse, hold every command and flag, and are installed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "manual: $1" >&2; exit 1; }

"$FOVEA" help --man > fovea.1
"$FOVEA" help --completion bash > fovea.bash
"$FOVEA" help | sed -n '/^usage/,/^`fovea/s/^  \([a-z]*\( [a-z]*\)*\)  .*/\1/p' > commands
while read -r command; do
    grep -qF ".SS \"fovea $command " fovea.1 || fail "$command has no section"
    grep -qF "'$command')" fovea.bash || fail "$command is not completed"
done < commands
! grep -nE '^\.[a-z]' fovea.1 || fail "a text line looks like a request"

# What man makes of it, with every complaint.
if command -v mandoc > /dev/null; then
    mandoc -T lint -W error fovea.1 || fail "mandoc complains"
elif command -v groff > /dev/null; then
    groff -k -man -ww -Tutf8 fovea.1 > page 2> complaints
    [ ! -s complaints ] || { cat complaints; fail "groff complains"; }
    sed 's/.\x08//g' page | grep -q -- 'threshold X' || fail "the page lacks a flag"
elif command -v man > /dev/null; then
    [ -z "$(man --warnings -l fovea.1 2>&1 > page)" ] || fail "man complains"
fi

if command -v bash > /dev/null; then
    bash -n fovea.bash || fail "bash does not parse it"
    cat > ask.bash <<'END'
. ./fovea.bash
complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _fovea; echo "${COMPREPLY[*]}"; }
complete_line fovea tr
complete_line fovea data sc
complete_line fovea data scan --str
complete_line fovea train --arch resnet18_
complete_line fovea predict m --thres
complete_line fovea help --completion b
END
    bash ask.bash > answers
    printf 'train\nscan\n--strict\nresnet18_cifar\n--threshold\nbash\n' > wanted
    cmp answers wanted || { cat answers; fail "completions are others"; }
fi

cmake --install "$BUILD" --prefix "$work/usr" > /dev/null
find usr -name fovea.1 | grep -q man1 || fail "the man page is not installed"
find usr -path '*bash-completion/completions/fovea' | grep -q . || fail "the completion is not installed"
