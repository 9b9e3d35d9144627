#!/usr/bin/env bash
# Checks the models in docs/model exhaustively, and that each deliberate mistake (MUTATE_...) in them is found.
#   scripts/model.sh            all of it
#   scripts/model.sh lease|sync [-DMUTATE_...] [-DNODES=2]     one run; a violation prints the steps that lead to it
set -eu
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
models=$here/../docs/model
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# $1: model, the rest: -D flags. Leaves pan's words in $work/said, and in $work/steps what led to a violation.
check() {
    local model=$1
    shift
    (
        cd "$work"
        rm -f ./*.trail steps said
        cp "$models/$model.pml" .
        spin -a "$@" "$model.pml" >/dev/null
        # Breadth first, so that a violation is shown by its shortest way; every state is kept whole, none is hashed away.
        cc -O2 -w -DBFS -DSAFETY -DCOLLAPSE -o pan pan.c
        ./pan -w24 >said
        if [ -f "$model.pml.trail" ]; then spin -t -p -g "$@" "$model.pml" >steps 2>&1; fi
    )
}

# pan also says so when it had to stop early; only a whole search counts.
is_clean() { grep -q 'errors: 0$' "$work/said" && ! grep -qE 'Search not completed|max search depth|out of memory' "$work/said"; }
states() { sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$work/said"; }
seconds() { sed -n 's/^pan: elapsed time \([0-9.]*\) seconds.*/\1/p' "$work/said"; }

fail() {
    echo "$1" >&2
    cat "${2:-$work/said}" >&2
    exit 1
}

holds() {
    check "$@"
    is_clean || fail "$*: the model is violated; the steps:" "$(ls "$work/steps" 2>/dev/null || echo "$work/said")"
    echo "$*: holds in all $(states) states, $(seconds) s"
}

refuted() {
    check "$@"
    grep -q 'assertion violated' "$work/said" || fail "$*: this mistake was not found, so the model does not bite"
    echo "$*: refuted"
}

mutations() { grep -oh 'MUTATE_[A-Z_]*' "$models/$1.pml" | sort -u; }

if [ $# -gt 0 ]; then
    holds "$@"
    exit
fi
holds lease
holds sync -DNODES=1
holds sync -DNODES=2
for mutation in $(mutations lease); do refuted lease "-D$mutation"; done
for mutation in $(mutations sync); do refuted sync "-D$mutation"; done
