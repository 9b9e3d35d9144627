#!/bin/sh
# Restores a Barman backup into the data directory of a member: called by Holdfast with --datadir=DIR, and with the keys of the method.
#   --server=NAME    the server's name in Barman
#   --target=NAME    recover up to this restore point, then promote; without it, all there is
set -eu
server= target= dir=
for argument; do
    value=${argument#*=}
    case $argument in
        --server=*) server=$value ;;
        --target=*) target=$value ;;
        --datadir=*) dir=$value ;;
    esac
done
set -- "$server" latest "$dir"
[ -z "$target" ] || set -- --target-name "$target" --target-action promote "$@"
exec barman recover "$@"
