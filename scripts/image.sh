#!/usr/bin/env bash
# Builds images from what `make build` has built: those of docker-compose.yml, or the targets of the Dockerfile that are named.
set -eu
checkout=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
cd "$checkout"
# shellcheck source=scripts/find-java.sh
. scripts/find-java.sh
find_java 25 25 jlink || { echo "A JDK 25 with jlink is needed (looked at JAVA_HOME, /usr/lib/jvm and the PATH)." >&2 && exit 1; }

docker info >/dev/null 2>&1 || {
    echo "Docker does not answer. As root: systemctl start docker; without systemd: sysctl -w net.ipv4.ip_forward=1 && dockerd" >&2
    exit 1
}

# Laid out as the checkout is, so that the launchers work as they are. The libraries that agent and ctl share are there once.
image=target/image
rm -rf "$image"
mkdir -p "$image"/{bin,scripts,agent/target/lib,ctl/target,guard/build}
cp bin/holdfast-agent bin/ctl "$image/bin/"
cp scripts/launch.sh scripts/find-java.sh "$image/scripts/"
cp guard/build/holdfast-guard "$image/guard/build/"
cp agent/target/holdfast-agent.jar "$image/agent/target/"
cp ctl/target/holdfast-ctl.jar "$image/ctl/target/"
cp agent/target/lib/*.jar "$image/agent/target/lib/"
cp ctl/target/lib/*.jar "$image/agent/target/lib/"
ln -s ../../agent/target/lib "$image/ctl/target/lib"
cp LICENSE "$image/"
"$JAVA_FOUND/bin/jlink" --output "$image/jre" --strip-debug --no-header-files --no-man-pages --compress zip-6 \
    --add-modules java.base,java.logging,java.management,java.naming,java.net.http,java.security.jgss,java.sql,java.xml,jdk.crypto.ec,jdk.jfr,jdk.management,jdk.unsupported
# Classes of the JVM itself in the form it wants them: it starts sooner, and members on one machine share them.
"$image/jre/bin/java" -Xshare:dump -XX:+UseSerialGC >/dev/null

[ $# -gt 0 ] || set -- etcd haproxy prometheus member
for target; do
    docker build --quiet --target "$target" --tag "holdfast-$target" .
done
docker image ls --filter 'reference=holdfast-*' --format '{{.Repository}} {{.Size}}'
