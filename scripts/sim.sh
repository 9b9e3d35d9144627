#!/usr/bin/env bash
# Runs the simulator that was built: seed N, or many COUNT [FIRST].
set -eu
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=scripts/find-java.sh
. "$here/find-java.sh"
if ! find_java 25 25 java; then
    echo "sim.sh: no Java 25 was found; scripts/deps.sh says what to install." >&2
    exit 1
fi
# Throughput is all that counts here, and a run's garbage is gone with it.
exec "$JAVA_FOUND/bin/java" --add-exports=java.base/jdk.internal.vm=ALL-UNNAMED -XX:+UseParallelGC -Xms1g -Xmx1g -XX:+UseTransparentHugePages \
    -jar "$here/../sim/target/holdfast-sim.jar" "$@"
