#!/usr/bin/env bash
# Checks for what a target needs, and installs what is missing through apt where that is allowed:
#   scripts/deps.sh build|run|test|chaos|bench|model|image|base-image   build: JDK 25, Maven, C compiler;  run: that, PostgreSQL, etcd, HAProxy;
#                  test: that, strace, patroni, openssl, and ip, nft and nsenter for hosts that are network namespaces;
#                  chaos: that, pgBackRest, Barman, libfaketime, mkfs.ext4;  bench: run's, wrk;  model: C compiler, spin;
#                  image: build's, Docker;  base-image: Docker, debootstrap
# Says nothing when everything is there. Services of what it installs are neither started nor enabled, and nothing that runs is
# touched.
set -eu
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=scripts/find-java.sh
. "$here/find-java.sh"
# Servers live in sbin, which is not on everybody's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

on_path() { type -P "$1" >/dev/null; }

have_jdk() { find_java 25 25 javac; }
have_maven() { on_path mvn; }
have_cc() { on_path cc && on_path make && echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1; }
have_etcd() { on_path etcd; }
have_haproxy() { on_path haproxy; }
have_spin() { on_path spin; }
have_pgbackrest() { on_path pgbackrest; }
have_barman() { on_path barman; }
have_strace() { on_path strace; }
have_patroni() { on_path patronictl; }
have_openssl() { on_path openssl; }
have_wrk() { on_path wrk; }
have_ip() { on_path ip; }
have_nft() { on_path nft; }
have_nsenter() { on_path nsenter; }
have_mkfs() { on_path mkfs.ext4; }
have_debootstrap() { on_path debootstrap; }
have_docker() { on_path docker; }
have_keepalived() { on_path keepalived; }
have_curl() { on_path curl; }
have_faketime() {
    local library
    for library in /usr/lib/*/faketime/libfaketime.so.1; do [ -e "$library" ] && return 0; done
    return 1
}

# Server programs of one version, 13 to 18, in Debian's place or beside the one on the PATH.
have_postgresql() {
    local initdb bin program version
    for initdb in /usr/lib/postgresql/*/bin/initdb "$(type -P initdb || true)"; do
        [ -x "$initdb" ] || continue
        bin=$(dirname -- "$(readlink -f -- "$initdb")")
        for program in postgres pg_ctl pg_basebackup pg_rewind pg_controldata psql; do
            [ -x "$bin/$program" ] || continue 2
        done
        version=$("$initdb" --version) || continue
        version=${version##*) }
        version=${version%%[!0-9]*}
        [ "${version:-0}" -ge 13 ] && [ "$version" -le 18 ] && return 0
    done
    return 1
}

describe() {
    case $1 in
        jdk) echo "a JDK 25 (looked at JAVA_HOME, /usr/lib/jvm and the PATH)" ;;
        maven) echo "Maven 3.8 or newer (mvn on the PATH)" ;;
        cc) echo "a C compiler with the headers of the C library, and make" ;;
        postgresql) echo "a PostgreSQL server, 13 to 18 (looked at /usr/lib/postgresql and the PATH)" ;;
        etcd) echo "etcd (on the PATH)" ;;
        haproxy) echo "HAProxy (on the PATH)" ;;
        pgbackrest) echo "pgBackRest (on the PATH)" ;;
        barman) echo "Barman (on the PATH)" ;;
        spin) echo "the model checker spin (on the PATH)" ;;
        openssl) echo "openssl (on the PATH), which makes the certificates of the tests" ;;
        wrk) echo "wrk (on the PATH), which loads the REST interface" ;;
        ip) echo "ip (on the PATH), which makes the hosts of the tests" ;;
        nft) echo "nft (on the PATH), which cuts the network between them" ;;
        nsenter) echo "nsenter (on the PATH), which starts programs on them" ;;
        mkfs) echo "mkfs.ext4 (on the PATH), for a disk that can be slow" ;;
        faketime) echo "libfaketime (/usr/lib/*/faketime), which sets one host's clock" ;;
        debootstrap) echo "debootstrap (on the PATH)" ;;
        docker) echo "Docker (on the PATH)" ;;
        keepalived) echo "keepalived (on the PATH), which moves an address between the hosts" ;;
        curl) echo "curl (on the PATH), by which keepalived asks" ;;
        strace) echo "strace (on the PATH), which plays the kernel's part in the tests of the watchdog" ;;
        patroni) echo "Patroni (patronictl on the PATH), whose command is tried on a cluster of Holdfast's" ;;
    esac
}

offered() {
    local candidate
    candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
    [ -n "$candidate" ] && [ "$candidate" != "(none)" ]
}

# Debian 12 has no JDK 25: there it comes from Adoptium's repository, when the machine knows that.
jdk_package() {
    local package
    for package in openjdk-25-jdk-headless temurin-25-jdk; do
        ! offered "$package" || { echo "$package" && return 0; }
    done
    return 1
}

packages_for() {
    case $1 in
        jdk) jdk_package || echo temurin-25-jdk ;;
        maven) echo maven ;;
        cc) echo gcc libc6-dev make ;;
        postgresql) echo postgresql ;;
        etcd) echo etcd-server etcd-client ;;
        haproxy) echo haproxy ;;
        pgbackrest) echo pgbackrest ;;
        barman) echo barman ;;
        spin) echo spin ;;
        strace) echo strace ;;
        patroni) echo patroni python3-etcd ;;
        openssl) echo openssl ;;
        wrk) echo wrk ;;
        ip) echo iproute2 ;;
        nft) echo nftables ;;
        nsenter) echo util-linux ;;
        mkfs) echo e2fsprogs ;;
        faketime) echo libfaketime ;;
        debootstrap) echo debootstrap ;;
        docker) echo docker.io ;;
        keepalived) echo keepalived ;;
        curl) echo curl ;;
    esac
}

case ${1:-} in
    build) wanted=(jdk maven cc) ;;
    run) wanted=(jdk maven cc postgresql etcd haproxy) ;;
    test) wanted=(jdk maven cc postgresql etcd haproxy strace patroni openssl ip nft nsenter) ;;
    chaos) wanted=(jdk maven cc postgresql etcd haproxy strace patroni openssl ip nft nsenter pgbackrest barman mkfs faketime keepalived curl) ;;
    bench) wanted=(jdk maven cc postgresql etcd haproxy wrk) ;;
    model) wanted=(cc spin) ;;
    image) wanted=(jdk maven cc docker) ;;
    base-image) wanted=(docker debootstrap) ;;
    *)
        echo "usage: scripts/deps.sh build|run|test|chaos|bench|model|image|base-image" >&2
        exit 2
        ;;
esac

find_missing() {
    local want
    missing=()
    for want in "${wanted[@]}"; do
        "have_$want" || missing+=("$want")
    done
}

# Ends with the list of what is missing and the command that mends it. $1: why it was not installed.
give_up() {
    local want
    {
        echo "Missing on this machine:"
        for want in "${missing[@]}"; do
            echo "  - $(describe "$want")"
        done
        echo "$1"
        if on_path apt-get; then
            echo "Run this as root, then try again:"
            echo "  apt-get update && apt-get install --no-install-recommends $(for want in "${missing[@]}"; do packages_for "$want"; done | xargs)"
            if [[ " ${missing[*]} " == *" jdk "* ]] && ! jdk_package >/dev/null; then
                echo "This machine's apt offers no JDK 25: add Adoptium's repository (https://adoptium.net/installation/linux/) or another that has" \
                    "openjdk-25-jdk-headless first, or unpack a JDK 25 anywhere and name it in JAVA_HOME."
            fi
        fi
    } >&2
    exit 1
}

find_missing
[ ${#missing[@]} -gt 0 ] || exit 0

on_path apt-get || give_up "They have to be installed by hand: there is no apt-get here."
if [ "$(id -u)" = 0 ]; then
    as_root=()
elif on_path sudo && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    give_up "They were not installed: this is neither root nor a user whom sudo lets in without a password."
fi

echo "Updating apt's lists." >&2
"${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=300 update ||
    echo "apt-get update failed; trying with the lists that are there." >&2
if [[ " ${missing[*]} " == *" jdk "* ]] && ! jdk_package >/dev/null; then
    give_up "Nothing was installed."
fi
read -ra packages <<<"$(for want in "${missing[@]}"; do packages_for "$want"; done | xargs)"
echo "Installing ${packages[*]}." >&2

# Run as root, in one process, so that whatever happens puts back what it changed for the time of the installation:
# - policy-rc.d, by which Debian asks whether a package may start or stop a service: it may not;
# - PostgreSQL's own switch for the cluster that its package would make.
# Services that came with it are kept from starting at the next boot, because nobody asked for them.
"${as_root[@]}" bash -s -- "${packages[@]}" <<'INSTALL' || give_up "apt-get could not install them; its messages are above."
set -eu
policy=/usr/sbin/policy-rc.d
kept=$policy.before-holdfast
no_cluster=/etc/postgresql-common/createcluster.d/holdfast.conf
# A run that was killed has left its own policy behind, and perhaps the one before it.
restore() {
    rm -f "$policy" "$no_cluster"
    [ ! -e "$kept" ] || mv "$kept" "$policy"
}
trap restore EXIT
trap 'exit 1' INT TERM HUP
if [ -e "$policy" ] && [ ! -e "$kept" ]; then mv "$policy" "$kept"; fi
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"
mkdir -p "${no_cluster%/*}"
echo 'create_main_cluster = false' >"$no_cluster"
known=
for unit in etcd haproxy postgresql patroni nftables docker containerd keepalived; do
    if [ -e "/lib/systemd/system/$unit.service" ] || [ -e "/etc/init.d/$unit" ]; then known="$known $unit"; fi
done
DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
    install --no-install-recommends "$@" </dev/null >&2
for unit in etcd haproxy postgresql patroni nftables docker containerd keepalived; do
    case " $known " in *" $unit "*) continue ;; esac
    if type systemctl >/dev/null 2>&1 && [ -e "/lib/systemd/system/$unit.service" ]; then
        systemctl --quiet disable "$unit.service" >&2 || true
    elif [ -e "/etc/init.d/$unit" ]; then
        update-rc.d "$unit" disable >&2 || true
    fi
done
INSTALL

find_missing
[ ${#missing[@]} -eq 0 ] || give_up "apt-get installed ${packages[*]}, and still they are not found."
