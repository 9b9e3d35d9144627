#!/usr/bin/env bash
# Runs Maven under the JDK 25 of this machine, whatever the default Java is: the formatter needs it, and it saves a JVM per module.
set -eu
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=scripts/find-java.sh
. "$here/find-java.sh"
if ! find_java 25 25 javac; then
    echo "mvn.sh: no JDK 25 was found; scripts/deps.sh says what to install." >&2
    exit 1
fi
export JAVA_HOME=$JAVA_FOUND
# Debian's Maven 3.8 uses memory access that a newer Java warns of at each start.
export MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}"
cd "$here/.."
exec mvn --batch-mode --no-transfer-progress "$@"
