# Sourced by scripts/demo.sh, with $demo_dir and the other names of its beginning set: writes the demo's configuration files.
# shellcheck shell=bash disable=SC2154,SC2034

# Keeps what is read from standard input as a file of the demo's user: $1 name, $2 mode.
keep() {
    local file=$demo_dir/$1
    [ ! -e "$file" ] || mv "$file" "$file.old"
    (umask 077 && cat >"$file")
    chmod "$2" "$file"
    [ ${#as_user[@]} -eq 0 ] || chown "$user:" "$file"
}

new_password() { od -An -N 16 -t x1 /dev/urandom | tr -d ' \n'; }

write_etcd() {
    keep etcd.yml 644 <<END
# etcd keeps the cluster's state: who leads, who is there, what all agree on. One member is enough to look at; where it matters,
# run three on three hosts, or all of PostgreSQL depends on one. Run by: etcd --config-file THIS-FILE
name: demo
data-dir: "$demo_dir/data/etcd"
listen-client-urls: "http://127.0.0.1:$etcd_port"
advertise-client-urls: "http://127.0.0.1:$etcd_port"
listen-peer-urls: "http://127.0.0.1:$etcd_peer_port"
initial-advertise-peer-urls: "http://127.0.0.1:$etcd_peer_port"
initial-cluster: "demo=http://127.0.0.1:$etcd_peer_port"
# Old revisions are of no use to Holdfast; without this they would be kept for ever.
auto-compaction-mode: periodic
auto-compaction-retention: 1h
logger: zap
log-level: warn
END
}

# $1: member.
write_member() {
    keep "$1.yml" 600 <<END
# The member $1 of the demo. Run by: bin/holdfast-agent THIS-FILE
# Every key is in docs/CONFIGURATION.md; docs/examples/holdfast.yml is the same for a host of its own.

# The cluster's name, the same for its members, and this member's own.
scope: demo
name: $1

# The agent answers health checks and commands here.
restapi:
  listen: "127.0.0.1:${rest_port[$1]}"
  connect_address: "127.0.0.1:${rest_port[$1]}"
  # Asked for by calls that change something; ctl finds it here.
  authentication:
    username: operator
    password: "$operator_password"

etcd3:
  hosts:
    - "127.0.0.1:$etcd_port"

# Read once, when the cluster begins. From then on: bin/ctl -c THIS-FILE edit-config
bootstrap:
  dcs:
    # A leader that cannot renew its lease for this many seconds is replaced, and has ended its PostgreSQL by then.
    ttl: 10
    # A commit waits for one standby, which may then take over without losing anything.
    synchronous_mode: on
    synchronous_node_count: 1
    postgresql:
      parameters:
        max_connections: 60
        # Three servers share this machine.
        shared_buffers: 32MB
        # No socket files: the servers are told apart by their ports.
        unix_socket_directories: ''
  initdb:
    - encoding: UTF8
    - locale: C.UTF-8
    - data-checksums
  # Who may connect: everybody on this machine, by password.
  pg_hba:
    - host replication replicator 127.0.0.1/32 scram-sha-256
    - host all all 127.0.0.1/32 scram-sha-256

postgresql:
  listen: "127.0.0.1:${pg_port[$1]}"
  connect_address: "127.0.0.1:${pg_port[$1]}"
  data_dir: "$demo_dir/data/$1"
  bin_dir: "$bin_dir"
  authentication:
    superuser:
      username: postgres
      password: "$superuser_password"
    # The standbys' user.
    replication:
      username: replicator
      password: "$replication_password"
    # pg_rewind's user, by which an old primary rejoins.
    rewind:
      username: rewinder
      password: "$rewind_password"
END
}

# The example, with the addresses and ports of the demo.
write_haproxy() {
    local example=$checkout/docs/examples/haproxy.cfg member address number=0
    local edits=(
        -e "s/bind \*:5000\$/bind 127.0.0.1:$writer_port/"
        -e "s/bind \*:5001\$/bind 127.0.0.1:$reader_port/"
        -e "s/bind 127\.0\.0\.1:7000\$/bind 127.0.0.1:$statistics_port/"
    )
    for member in "${members[@]}"; do
        number=$((number + 1))
        address="127.0.0.1:${pg_port[$member]} check port ${rest_port[$member]}"
        edits+=(-e "s/server $member 10\.0\.0\.$number:5432 check port 8008\$/server $member $address/")
    done
    keep haproxy.cfg 644 <<END
# The load balancer of the demo: docs/examples/haproxy.cfg with the demo's ports. Run by: haproxy -db -f THIS-FILE
global
    log stdout format raw local0
    maxconn 500

$(sed '/^$/,$!d' "$example" | sed "${edits[@]}")
END
}

# psql finds the password here, if its connection string names the file.
write_pgpass() {
    (umask 077 && echo "127.0.0.1:*:*:postgres:$superuser_password" >"$demo_dir/pgpass")
}

# What a later run has to know. The files above are written anew only when this changes, so that they may be edited.
settings_text() {
    printf '%s=%s\n' format 1 demo_dir "$demo_dir" port_base "$port_base" bin_dir "$bin_dir" \
        superuser_password "$superuser_password" replication_password "$replication_password" \
        rewind_password "$rewind_password" operator_password "$operator_password"
}

# Takes over what an earlier run wrote; port_base only if nobody asked for another.
read_settings() {
    local key value
    while IFS='=' read -r key value; do
        case $key in
            port_base) recorded_port_base=$value ;;
            superuser_password) superuser_password=$value ;;
            replication_password) replication_password=$value ;;
            rewind_password) rewind_password=$value ;;
            operator_password) operator_password=$value ;;
        esac
    done <"$demo_dir/settings"
}

write_files() {
    local member name files=("etcd.yml" "haproxy.cfg" "pgpass") complete=yes
    for member in "${members[@]}"; do
        files+=("$member.yml")
    done
    for name in "${files[@]}"; do
        [ -e "$demo_dir/$name" ] || complete=no
    done
    if [ $complete = yes ] && [ -e "$demo_dir/settings" ] && [ "$(<"$demo_dir/settings")" = "$(settings_text)" ]; then
        say "" "using the configuration files that are in $(shown "$demo_dir")"
        return
    fi
    write_etcd
    write_haproxy
    write_pgpass
    for member in "${members[@]}"; do
        write_member "$member"
    done
    # Last: it says that the others are there.
    (umask 077 && settings_text >"$demo_dir/settings")
    say "" "wrote etcd.yml, pg1.yml, pg2.yml, pg3.yml, haproxy.cfg and pgpass into $(shown "$demo_dir")"
}
