#!/usr/bin/env bash
# Runs a cluster of three members with etcd and HAProxy on this machine, from ordinary configuration files, until Ctrl-C:
#   scripts/demo.sh [--fresh]       (make demo, make demo FRESH=1)
# The next run goes on with the data, or begins anew with --fresh. Variables:
#   DEMO_PORT_BASE   the first of its ports, 15000 by default
#   DEMO_DIR         where it keeps everything; demo/ in the checkout by default
#   FRESH            1: the same as --fresh
# Needs what `make build` leaves. PostgreSQL refuses to run as root: root's demo runs as the user postgres.
set -u
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
checkout=${here%/scripts}
# Servers live in sbin, which is not on everybody's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
members=(pg1 pg2 pg3)
declare -A pg_port rest_port
# shellcheck source=scripts/demo-processes.sh
. "$here/demo-processes.sh"
# shellcheck source=scripts/demo-files.sh
. "$here/demo-files.sh"

# One line of progress. $1: whom it is about, or nothing; $2: the sentence.
say() { printf '%(%H:%M:%S)T  %-8s %s\n' -1 "$1" "$2"; }

fail() {
    printf 'demo: %s\n' "$@" >&2
    exit 1
}

# A path as it is typed in this directory.
shown() { printf %q "${1#"$PWD"/}"; }

read_arguments() {
    fresh=no
    case ${FRESH:-} in '' | 0 | no) ;; *) fresh=yes ;; esac
    while [ $# -gt 0 ]; do
        case $1 in
            --fresh) fresh=yes ;;
            -h | --help)
                sed -n '2,/^set/{s/^# \{0,1\}//;/^set/!p}' "${BASH_SOURCE[0]}"
                exit 0
                ;;
            *)
                echo "usage: scripts/demo.sh [--fresh]" >&2
                exit 2
                ;;
        esac
        shift
    done
}

# Sets as_user, the words before a program that is to run as the demo's user, and user.
choose_user() {
    as_user=()
    user=$(id -un)
    if [ "$(id -u)" = 0 ]; then
        user=postgres
        id -u "$user" >/dev/null 2>&1 ||
            fail "PostgreSQL refuses to run as root, and there is no user postgres to run it as: adduser --system --group postgres makes one."
        as_user=(setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups --)
    fi
}

# Whether the demo's user can run what was built.
can_run() {
    # The variables are those of the inner shell.
    # shellcheck disable=SC2016
    "${as_user[@]}" bash -c 'cd / && [ -r "$1/bin/holdfast-agent" ] && [ -r "$1/agent/target/holdfast-agent.jar" ] && [ -x "$1/guard/build/holdfast-guard" ]' \
        - "$1" 2>/dev/null
}

# Sets demo_dir and program, the directory with bin/holdfast-agent.
choose_places() {
    local built
    for built in agent/target/holdfast-agent.jar ctl/target/holdfast-ctl.jar guard/build/holdfast-guard; do
        [ -e "$checkout/$built" ] || fail "$checkout/$built is not there: run 'make build' first."
    done
    program=$checkout
    demo_dir=${DEMO_DIR:-$checkout/demo}
    if ! can_run "$checkout"; then
        # Like a checkout under /root. What it needs is copied to where it may be read.
        demo_dir=${DEMO_DIR:-/var/tmp/holdfast-demo}
        program=$demo_dir/program
    fi
    case $demo_dir in
        /*) ;;
        *) demo_dir=$PWD/$demo_dir ;;
    esac
    case $demo_dir in
        *[!A-Za-z0-9/._+@\ -]*) fail "the directory $demo_dir has characters that configuration files would have to quote: name another in DEMO_DIR." ;;
    esac
    # The guard's socket lies below, and the name of a socket must be short.
    [ ${#demo_dir} -le 80 ] || fail "the directory $demo_dir is too long (${#demo_dir} characters, at most 80): name a shorter one in DEMO_DIR."
}

# Makes the directory, and is the only one to use it.
open_directory() {
    local marker=$demo_dir/.holdfast-demo
    if [ -e "$demo_dir" ] && [ ! -e "$marker" ] && [ -n "$(ls -A "$demo_dir")" ]; then
        fail "$demo_dir is there, but no demo made it: move it away, or name another directory in DEMO_DIR."
    fi
    mkdir -p "$demo_dir" || fail "cannot write into $demo_dir: name another directory in DEMO_DIR."
    [ -O "$demo_dir" ] ||
        fail "$demo_dir belongs to $(stat -c %U "$demo_dir"), and this is $(id -un): run the demo as that user, or name another directory in DEMO_DIR."
    : >>"$marker" || fail "cannot write into $demo_dir: name another directory in DEMO_DIR."
    chmod 755 "$demo_dir"
    "${as_user[@]}" test -x "$demo_dir" ||
        fail "the user $user, as whom PostgreSQL is to run, cannot reach $demo_dir: name a directory in DEMO_DIR whose parents let everybody through."
    exec 9>>"$marker"
    flock --nonblock 9 || fail "another demo runs in $demo_dir: end it with Ctrl-C there, or name another directory in DEMO_DIR."
}

# Sets bin_dir: the newest PostgreSQL there is, or the one that made the data.
choose_postgresql() {
    local wanted='' program_name bin version best=0
    [ "$fresh" = yes ] || [ ! -r "$demo_dir/data/pg1/PG_VERSION" ] || read -r wanted <"$demo_dir/data/pg1/PG_VERSION"
    bin_dir=''
    for bin in /usr/lib/postgresql/*/bin "$(dirname -- "$(readlink -f -- "$(type -P initdb || echo /nowhere/initdb)")")"; do
        for program_name in initdb postgres pg_ctl pg_basebackup pg_rewind pg_controldata psql; do
            [ -x "$bin/$program_name" ] || continue 2
        done
        version=$("$bin/initdb" --version) && version=${version##*) } && version=${version%%[!0-9]*} || continue
        if [ "${version:-0}" -ge 13 ] && [ "$version" -le 18 ] && [ "$version" -gt "$best" ] && [ "$version" = "${wanted:-$version}" ]; then
            best=$version
            bin_dir=$bin
        fi
    done
    [ -n "$bin_dir" ] || [ -z "$wanted" ] ||
        fail "the data in $demo_dir was made by PostgreSQL $wanted, which is not installed any more: install it, or begin anew by make demo FRESH=1."
    [ -n "$bin_dir" ] || fail "no PostgreSQL 13 to 18 was found: scripts/deps.sh run says what to install."
    for program_name in etcd haproxy; do
        type -P $program_name >/dev/null || fail "$program_name was not found: scripts/deps.sh run says what to install."
    done
}

# Sets the ports, all counted from one: $1.
choose_ports() {
    local member number=0
    port_base=$1
    case $port_base in '' | *[!0-9]* | ??????*) fail "DEMO_PORT_BASE is '$port_base': give a number from 1024 to 64000." ;; esac
    port_base=$((10#$port_base))
    [ "$port_base" -ge 1024 ] && [ "$port_base" -le 64000 ] || fail "DEMO_PORT_BASE is $port_base: give a number from 1024 to 64000."
    writer_port=$port_base
    reader_port=$((port_base + 1))
    statistics_port=$((port_base + 2))
    etcd_port=$((port_base + 379))
    etcd_peer_port=$((port_base + 380))
    for member in "${members[@]}"; do
        pg_port[$member]=$((port_base + 432 + number))
        rest_port[$member]=$((port_base + 808 + number))
        number=$((number + 1))
    done
}

# Before anything is started: all ports that are taken, and by whom.
check_ports() {
    local member port used_by taken=()
    local -A wanted=(
        [$writer_port]="HAProxy, writers" [$reader_port]="HAProxy, readers" [$statistics_port]="HAProxy, statistics"
        [$etcd_port]="etcd, clients" [$etcd_peer_port]="etcd, peers"
    )
    for member in "${members[@]}"; do
        wanted[${pg_port[$member]}]="$member's PostgreSQL"
        wanted[${rest_port[$member]}]="$member's agent"
    done
    for port in $(printf '%s\n' "${!wanted[@]}" | sort -n); do
        used_by=$(listener "$port")
        [ -z "$used_by" ] || taken+=("port $port (for ${wanted[$port]}) is in use by $used_by.")
    done
    [ ${#taken[@]} -eq 0 ] ||
        fail "${taken[@]}" "Nothing was started. End what uses them, or choose other ports: make demo DEMO_PORT_BASE=$((port_base < 54000 ? port_base + 10000 : 15000))"
}

# Decides whether to go on with what an earlier run left, and changes nothing yet.
choose_data() {
    superuser_password=$(new_password) replication_password=$(new_password)
    rewind_password=$(new_password) operator_password=$(new_password)
    [ "$fresh" = no ] || return 0
    if [ -e "$demo_dir/data" ] && [ ! -e "$demo_dir/complete" ]; then
        say "" "the demo in $(shown "$demo_dir") was interrupted before it was complete; beginning anew"
        fresh=yes
    elif [ -e "$demo_dir/settings" ]; then
        read_settings
    fi
}

clear_data() {
    if [ "$fresh" = yes ]; then
        [ ! -e "$demo_dir/data" ] || say "" "removing $(shown "$demo_dir/data") and the files beside it"
        rm -rf "$demo_dir"/{complete,data,logs,settings,pgpass,etcd.yml,haproxy.cfg,pg1.yml,pg2.yml,pg3.yml} "$demo_dir"/*.old ||
            fail "could not remove the old demo in $demo_dir."
    elif [ -e "$demo_dir/data" ]; then
        say "" "going on with the data in $(shown "$demo_dir/data"); make demo FRESH=1 would begin anew"
    fi
}


prepare_directories() {
    logs=$demo_dir/logs
    mkdir -p "$logs" "$demo_dir/data"
    chmod 700 "$demo_dir/data"
    [ ${#as_user[@]} -eq 0 ] || chown "$user:" "$demo_dir/data"
    if [ "$program" != "$checkout" ]; then
        say "" "the user $user may not read $checkout, so the program is copied to $program"
        rm -rf "$program"
        mkdir -p "$program"/{scripts,agent/target,guard/build}
        cp -r "$checkout/bin" "$program"
        cp "$checkout"/scripts/{launch,find-java}.sh "$program/scripts"
        # With their times, by which the JVM tells whether the archive is of these jars.
        cp -rp "$checkout"/agent/target/{holdfast-agent.jar,lib} "$program/agent/target"
        [ ! -e "$checkout/agent/target/holdfast-agent.jsa" ] || cp "$checkout/agent/target/holdfast-agent.jsa" "$program/agent/target"
        cp "$checkout/guard/build/holdfast-guard" "$program/guard/build"
        chmod -R a+rX "$program"
        can_run "$program" || fail "the user $user cannot run what is in $program: name another directory in DEMO_DIR."
    fi
}

# Called at every end, however it comes.
on_exit() {
    local status=$?
    trap '' INT TERM HUP PIPE
    # shellcheck disable=SC2086
    signal TERM $tail_pids
    end_everything || status=1
    if [ "$running" = yes ]; then
        say "" "files and data stay in $(shown "$demo_dir"): make demo goes on with them, make demo FRESH=1 begins anew"
    fi
    exit "$status"
}

# To be interrupted is how a demo ends that runs; before that it is a failure.
interrupted() {
    [ "$running" = no ] || exit 0
    exit "$1"
}

# Without a terminal there is nobody to tell, and writing would fail.
on_hangup() {
    exec >>"$demo_dir/logs/demo.log" 2>&1
    exit 129
}

# $1: what did not happen.
give_up() {
    local name
    {
        echo "demo: $1"
        for name in etcd haproxy "${members[@]}"; do
            if [ -s "$logs/$name.log" ]; then
                echo "--- the end of $(shown "$logs/$name.log")"
                tail -n 5 "$logs/$name.log"
            fi
        done
    } >&2
    exit 1
}

# Prints the state of each member when it is another than before.
show_states() {
    local member answer state
    for member in "${members[@]}"; do
        answer=$(http GET "${rest_port[$member]}" /patroni)
        state=''
        [[ ! $answer =~ \"state\"\ *:\ *\"([^\"]*)\" ]] || state=${BASH_REMATCH[1]}
        [[ ! $answer =~ \"role\"\ *:\ *\"([^\"]*)\" ]] || state+=" (${BASH_REMATCH[1]})"
        if [ -n "$state" ] && [ "$state" != "${last_state[$member]:-}" ]; then
            say "$member" "$state"
            last_state[$member]=$state
        fi
    done
}

# Fails the start at once when what is waited for can no longer come.
require_running() {
    local member
    find_processes
    [ -n "$etcd_pid" ] || give_up "etcd has ended."
    for member in "${members[@]}"; do
        [ -n "${agent_pid[$member]:-}" ] || give_up "the agent of $member has ended."
    done
}

has_primary() {
    show_states
    require_running
    leader=$(primary)
    [ -n "$leader" ]
}

has_standbys() {
    local member synchronous=0
    show_states
    require_running
    for member in "${members[@]}"; do
        [ "$member" != "$leader" ] || continue
        says_yes "$member" /replica || return 1
        ! says_yes "$member" /synchronous || synchronous=$((synchronous + 1))
    done
    [ "$synchronous" -gt 0 ]
}

# $1: port, $2: what is asked.
ask() {
    PGCONNECT_TIMEOUT=3 "$bin_dir/psql" -XAtqc "$2" "postgresql://postgres@127.0.0.1:$1/postgres?passfile=$demo_dir/pgpass" 2>/dev/null
}

routes() {
    [ "$(ask "$writer_port" 'select pg_is_in_recovery()')" = f ] && [ "$(ask "$reader_port" 'select pg_is_in_recovery()')" = t ]
}

start_all() {
    local member
    say etcd "starting, waiting for an answer on port $etcd_port"
    start_etcd
    wait_until 30 etcd_answers || give_up "etcd did not answer on port $etcd_port within 30 s."
    say agents "starting ${members[*]}, waiting for one to become primary"
    for member in "${members[@]}"; do
        start_agent "$member"
        started_at[$member]=$SECONDS
    done
    wait_until 10 agents_there || true
    wait_until 120 has_primary || give_up "no member became primary within 120 s."
    say "$leader" "is the primary; waiting for the others to follow it, one of them synchronously"
    wait_until 180 has_standbys || give_up "the standbys did not follow within 180 s."
    say haproxy "starting, waiting for it to lead to the primary (port $writer_port) and to a standby (port $reader_port)"
    start_haproxy
    wait_until 30 routes || give_up "HAProxy did not lead to the primary and to a standby within 30 s."
    : >"$demo_dir/complete"
}

agents_there() {
    find_processes
    [ ${#agent_pid[@]} -eq ${#members[@]} ]
}

explain() {
    local ctl psql member
    ctl="$(shown "$checkout/bin/ctl") -c $(shown "$demo_dir/pg1.yml")"
    psql=$(shown "$(type -P psql || echo "$bin_dir/psql")")
    [ "$psql" != "$(type -P psql)" ] || psql=psql
    find_processes
    echo
    "$checkout/bin/ctl" -c "$demo_dir/pg1.yml" list || say "" "ctl list failed"
    echo
    echo "Connect (the password is in $(shown "$demo_dir/pgpass"), where psql finds it):"
    printf '  %-26s %s\n' "to the primary, by HAProxy" "$psql '$(connection "$writer_port")'" \
        "to a standby, by HAProxy" "$psql '$(connection "$reader_port")'"
    for member in "${members[@]}"; do
        printf '  %-26s %s\n' "to $member itself" "$psql '$(connection "${pg_port[$member]}")'"
    done
    echo "See who is up: http://127.0.0.1:$statistics_port/ (HAProxy), http://127.0.0.1:${rest_port[pg1]}/cluster (an agent)"
    echo "Read: $(shown "$demo_dir")/*.yml, haproxy.cfg, logs/"
    echo
    echo "Three things to try, from another terminal in this directory:"
    echo "  1. Move the primary, without losing a commit:   $ctl switchover"
    echo "  2. Kill the primary's PostgreSQL, of $leader now:   kill -9 ${postmaster_pid[$leader]:-PID}"
    echo "  3. Take the hands off PostgreSQL:               $ctl pause   (and: resume)"
    echo "Look at it: $ctl list"
    echo
    echo "Ctrl-C takes everything down. What happens until then, as the agents' journals tell it:"
}

connection() {
    local escaped=${demo_dir// /%20}
    echo "postgresql://postgres@127.0.0.1:$1/postgres?passfile=$escaped/pgpass"
}

# Shows the journals as they grow: decisions, without those that say what is waited for within one; and warnings and errors.
follow_journals() {
    local member
    for member in "${members[@]}"; do
        # The date is left out, and what is logged at INFO by others than the journal.
        tail --pid=$$ -n 0 -F "$logs/$member.log" 2>/dev/null 9>&- > >(
            sed -u -n -E "/ journal: (store\.unknown|data\.unknown|task\.running|start\.wait): /d;
                s/^[0-9-]{10} ([0-9:]{8})[.,][0-9]+ +INFO +journal: /\1  $(printf %-8s "$member") /p;
                s/^[0-9-]{10} ([0-9:]{8})[.,][0-9]+ +(WARN|ERROR) +/\1  $(printf %-8s "$member") \2 /p" 9>&-
        ) &
        tail_pids+=" $!"
    done
}

# What ended is started again, as systemd would do it; what does not stay up is left alone.
keep_running() {
    local member
    find_processes
    if [ -z "$etcd_pid" ]; then
        say etcd "has ended; starting it again"
        start_etcd
    fi
    if [ -z "$haproxy_pid" ]; then
        say haproxy "has ended; starting it again"
        start_haproxy
    fi
    for member in "${members[@]}"; do
        [ -z "${agent_pid[$member]:-}" ] && [ "${started_at[$member]}" != never ] || continue
        if [ $((SECONDS - started_at[$member])) -lt 5 ]; then
            say "$member" "its agent ended at once, and is left alone: $(shown "$logs/$member.log") says why"
            started_at[$member]=never
        else
            say "$member" "its agent has ended; starting it again"
            start_agent "$member"
            started_at[$member]=$SECONDS
        fi
    done
}

follow_events() {
    local now
    while :; do
        sleep 1
        keep_running
        now=$(primary)
        [ "$now" != "$leader" ] || continue
        if [ -z "$now" ]; then
            say "" "==> no primary"
        else
            say "" "==> $now is the primary; its PostgreSQL is process ${postmaster_pid[$now]:-(gone again)}"
        fi
        leader=$now
    done
}

read_arguments "$@"
choose_user
choose_places
open_directory
tail_pids='' running=no leader=''
declare -A last_state started_at
logs=$demo_dir/logs
# From here on children of this script may run, perhaps of one that was killed.
trap on_exit EXIT
trap 'interrupted 130' INT
trap 'interrupted 143' TERM
trap 'exit 141' PIPE
trap on_hangup HUP

recorded_port_base=''
if [ -e "$demo_dir/settings" ]; then
    read_settings
    choose_ports "$recorded_port_base"
    if ! all_gone; then
        say "" "an earlier demo in $(shown "$demo_dir") was not taken down, its processes run: $(all_pids)"
        end_everything || fail "what is left of it is in the way."
    fi
fi

choose_data
choose_postgresql
if [ "$fresh" = yes ]; then recorded_port_base=''; fi
choose_ports "${DEMO_PORT_BASE:-${recorded_port_base:-15000}}"
check_ports
clear_data
prepare_directories
write_files
start_all
running=yes
explain
follow_journals
follow_events
