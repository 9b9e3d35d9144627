#!/usr/bin/env bash
# Makes debian:bookworm-slim with debootstrap, as root, where Docker can neither find nor pull it.
set -eu
image=debian:bookworm-slim
docker info >/dev/null 2>&1 || {
    echo "Docker does not answer. As root: systemctl start docker; without systemd: sysctl -w net.ipv4.ip_forward=1 && dockerd" >&2
    exit 1
}
if docker image inspect "$image" >/dev/null 2>&1; then
    echo "$image is there already."
    exit 0
fi
if timeout 120 docker pull --quiet "$image"; then
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "$image can be neither found nor pulled, and only root can make one with debootstrap: run 'sudo make base-image'." >&2
    exit 1
fi
echo "It cannot be pulled. Making one with debootstrap." >&2
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
debootstrap --variant=minbase bookworm "$root" http://deb.debian.org/debian >&2
# As in Debian's own image: nothing but licences of what nobody reads in a container, and the same for all that is installed later.
cat >"$root/etc/dpkg/dpkg.cfg.d/docker" <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/locale/*
END
# Packages are not kept once they are installed.
cat >"$root/etc/apt/apt.conf.d/docker-clean" <<'END'
Binary::apt::APT::Keep-Downloaded-Packages "false";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
END
find "$root/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*
cat >"$root/etc/apt/sources.list" <<'END'
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
END
tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - "$image" >&2
echo "Made $image."
