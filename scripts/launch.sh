# Sourced by the launchers in bin/, with $checkout set.

# shellcheck source=scripts/find-java.sh
. "$checkout/scripts/find-java.sh"

fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

# Each argument is a file that `make build` leaves.
require_built() {
    local built
    for built; do
        [ -r "$built" ] || fail "$built is not there or not readable: run 'make build' in $checkout first."
    done
}

# Sets JAVA_FOUND. A Java that the operator names is used or refused, never passed over in silence.
require_java() {
    local major
    if [ -n "${HOLDFAST_JAVA_HOME:-}" ] && ! { major=$(java_major "$HOLDFAST_JAVA_HOME") && [ "$major" -ge 25 ]; }; then
        fail "HOLDFAST_JAVA_HOME=$HOLDFAST_JAVA_HOME holds no Java 25 or newer: correct it, or unset it to have one found."
    fi
    find_java 25 999 java ||
        fail "no Java 25 or newer was found (looked at JAVA_HOME, /usr/lib/jvm and the PATH): install one (Debian: openjdk-25-jre-headless or temurin-25-jdk), or name its directory in HOLDFAST_JAVA_HOME."
}
