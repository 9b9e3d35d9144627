# Sourced by scripts/demo.sh, with $demo_dir and the other names of its beginning set: finds, starts and ends the demo's processes.
#
# They are always looked for in /proc, by what they run: a file of process ids would be wrong after a crash of this script, and
# could name a stranger after a reboot.
# shellcheck shell=bash disable=SC2154

# Fills etcd_pid, haproxy_pid and, by member, agent_pid, guard_pid, postmaster_pid ('' where there is none) and server_pids.
find_processes() {
    local proc pid argv last word kind member data
    etcd_pid='' haproxy_pid=''
    declare -gA agent_pid=() guard_pid=() postmaster_pid=() server_pids=()
    for proc in /proc/[0-9]*; do
        { mapfile -d '' -t argv <"$proc/cmdline"; } 2>/dev/null || continue
        # Kernel threads and processes that wait to be reaped have none.
        [ ${#argv[@]} -gt 0 ] || continue
        pid=${proc#/proc/}
        last=${argv[-1]}
        kind=''
        # Exactly these names, and below exactly the demo's files: an editor with one of them open is not to be ended.
        [[ $last != postgres:* ]] || kind=postgres
        for word in "${argv[@]}"; do
            case $word in -*) continue ;; esac
            case ${word##*/} in
                postgres | etcd | haproxy | holdfast-guard | holdfast-agent | dev.holdfast.agent.Main)
                    kind=${word##*/}
                    break
                    ;;
            esac
        done
        case $kind in
            postgres)
                for member in "${members[@]}"; do
                    data=$demo_dir/data/$member
                    [ "$proc/cwd" -ef "$data" ] || continue
                    server_pids[$member]+="$pid "
                    is_postmaster "$pid" "$data" && postmaster_pid[$member]=$pid
                done
                ;;
            holdfast-guard)
                for member in "${members[@]}"; do
                    [ "$last" != "$demo_dir/data/$member.guard" ] || guard_pid[$member]=$pid
                done
                ;;
            holdfast-agent | dev.holdfast.agent.Main)
                for member in "${members[@]}"; do
                    [ "$last" != "$demo_dir/$member.yml" ] || agent_pid[$member]=$pid
                done
                ;;
            etcd) [ "$last" != "$demo_dir/etcd.yml" ] || etcd_pid=$pid ;;
            haproxy) [ "$last" != "$demo_dir/haproxy.cfg" ] || haproxy_pid=$pid ;;
        esac
    done
}

# $1: process id, $2: data directory.
is_postmaster() {
    local first
    { read -r first <"$2/postmaster.pid"; } 2>/dev/null && [ "$first" = "$1" ]
}

# The ids of all that runs.
all_pids() {
    echo "$etcd_pid" "$haproxy_pid" "${agent_pid[*]}" "${guard_pid[*]}" "${server_pids[*]}" | xargs
}

# Starts a program as the demo's user, in a session of its own: Ctrl-C in the terminal goes to this script, which ends everything in
# order. The environment is a clean one, since variables such as PATRONI_NAME or ETCD_NAME would overrule the files.
# $1: its log, the rest: the program.
start() {
    local log=$1 java=() arch=() name
    shift
    for name in HOLDFAST_JAVA_HOME HOLDFAST_JAVA_OPTS JAVA_HOME; do
        [ -z "${!name:-}" ] || java+=("$name=${!name}")
    done
    # etcd 3.4 asks for this where it was tested less.
    [ "$(uname -m)" != aarch64 ] || arch=(ETCD_UNSUPPORTED_ARCH=arm64)
    (
        cd / || exit
        exec setsid "${as_user[@]}" env -i PATH="$PATH" LANG=C.UTF-8 HOME="$demo_dir" "${java[@]}" "${arch[@]}" "$@"
    ) >>"$log" 2>&1 </dev/null 9>&- &
    # What becomes of it is seen in /proc; bash need not say it too.
    disown "$!"
}

start_etcd() { start "$logs/etcd.log" etcd --config-file "$demo_dir/etcd.yml"; }

# In the foreground (-db): it is this script that watches it.
start_haproxy() { start "$logs/haproxy.log" haproxy -db -f "$demo_dir/haproxy.cfg"; }

start_agent() { start "$logs/$1.log" "$program/bin/holdfast-agent" "$demo_dir/$1.yml"; }

# Says what the server on a port of this machine answers, or nothing: $1 method, $2 port, $3 path.
http() {
    # The variables are those of the inner shell.
    # shellcheck disable=SC2016
    timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$2" && printf "%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" "$1" "$3" >&3 && cat <&3' \
        - "$@" 2>/dev/null || true
}

# Whether a path of a member answers 200: $1 member, $2 path.
says_yes() {
    [[ $(http OPTIONS "${rest_port[$1]}" "$2") == HTTP/1.?\ 200* ]]
}

etcd_answers() {
    [[ $(http GET "$etcd_port" /health) == *'"health":"true"'* ]]
}

# The member that answers as the primary, or nothing.
primary() {
    local member
    for member in "${members[@]}"; do
        if says_yes "$member" /primary; then
            echo "$member"
            return
        fi
    done
}

# Waits until a command succeeds: $1 seconds, the rest the command. Fails when the time is over.
wait_until() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.2
    done
}

# $*: members whose agents are to be gone.
agents_gone() {
    local member
    find_processes
    for member; do
        [ -z "${agent_pid[$member]:-}" ] || return 1
    done
}

servers_gone() {
    find_processes
    [ -z "$(echo "${server_pids[*]}" | xargs)" ]
}

guards_gone() {
    find_processes
    [ -z "$(echo "${guard_pid[*]}" | xargs)" ]
}

all_gone() {
    find_processes
    [ -z "$(all_pids)" ]
}

# $1 signal, the rest process ids, found a moment ago. One may have ended meanwhile.
signal() {
    local name=$1 pid
    shift
    for pid; do
        kill -s "$name" "$pid" 2>/dev/null || true
    done
}

# Ends the agents of some members, and with each its PostgreSQL and its guard.
end_agents() {
    local member asked=()
    find_processes
    for member; do
        if [ -n "${agent_pid[$member]:-}" ]; then
            asked+=("$member")
            # Whoever was stopped in an experiment could not answer.
            signal CONT "${agent_pid[$member]}"
            signal TERM "${agent_pid[$member]}"
        fi
    done
    [ ${#asked[@]} -gt 0 ] || return 0
    say "${asked[*]}" "stopping: waiting for PostgreSQL to shut down and the agent to end"
    wait_until 60 agents_gone "${asked[@]}" && return 0
    for member in "${asked[@]}"; do
        if [ -n "${agent_pid[$member]:-}" ]; then
            say "$member" "its agent did not end within 60 s, so it is killed; $logs/$member.log says how far it came"
            signal KILL "${agent_pid[$member]}"
        fi
    done
    wait_until 5 agents_gone "${asked[@]}" || true
}

# What agents that were killed have left: PostgreSQL with its guard.
end_servers() {
    local member
    find_processes
    for member in "${members[@]}"; do
        if [ -n "${postmaster_pid[$member]:-}" ]; then
            say "$member" "PostgreSQL runs without its agent; shutting it down"
            # shellcheck disable=SC2086
            signal CONT ${server_pids[$member]}
            signal INT "${postmaster_pid[$member]}"
        fi
    done
    wait_until 30 servers_gone || {
        say "" "PostgreSQL did not shut down within 30 s, so it is killed"
        # shellcheck disable=SC2048,SC2086
        signal KILL ${server_pids[*]}
        wait_until 10 servers_gone || true
    }
    # A guard that holds nothing ends on SIGTERM.
    # shellcheck disable=SC2048,SC2086
    signal CONT ${guard_pid[*]}
    # shellcheck disable=SC2048,SC2086
    signal TERM ${guard_pid[*]}
    wait_until 5 guards_gone || {
        # shellcheck disable=SC2048,SC2086
        signal KILL ${guard_pid[*]}
        wait_until 5 guards_gone || true
    }
}

# Ends everything of this demo that runs, whoever started it, in the order in which nothing waits for what has gone: standbys, the
# primary, the load balancer, etcd. Says nothing where nothing runs. Fails if something is left.
end_everything() {
    local leader member standbys=()
    all_gone && return 0
    say "" "taking the demo down"
    leader=$(primary)
    for member in "${members[@]}"; do
        [ "$member" = "$leader" ] || standbys+=("$member")
    done
    end_agents "${standbys[@]}"
    [ -z "$leader" ] || end_agents "$leader"
    end_servers
    # shellcheck disable=SC2086
    signal TERM $haproxy_pid $etcd_pid
    wait_until 10 all_gone || {
        # shellcheck disable=SC2046
        signal KILL $(all_pids)
        wait_until 5 all_gone || {
            say "" "still there, even after SIGKILL: $(all_pids); ps -o pid,stat,args -p PID says why"
            return 1
        }
    }
    say "" "everything has ended"
}

# The processes that listen on a port of this machine: "1234 (postgres)", or nothing if nobody does. $1: port.
listener() {
    local hex inode pid comm said=''
    printf -v hex %04X "$1"
    # An address of another interface would not be in the way; these are: any, 127.0.0.1, and the same of IPv6.
    # shellcheck disable=SC2013
    for inode in $(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$hex" '
        $4 == "0A" && split($2, at, ":") == 2 && at[2] == port &&
        (at[1] ~ /^0+$/ || at[1] == "0100007F" || at[1] == "0000000000000000FFFF00000100007F") { print $10 }'); do
        said='a process that only root may see'
        for pid in $(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" 2>/dev/null | cut -d / -f 3 | sort -un); do
            { read -r comm <"/proc/$pid/comm"; } 2>/dev/null || continue
            said="process $pid ($comm)"
            break
        done
    done
    echo "$said"
}
