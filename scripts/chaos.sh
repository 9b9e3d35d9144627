#!/usr/bin/env bash
# Runs a program of chaos-tests on what `make build` has built.
#   scripts/chaos.sh bench [RUNS [TTL...]]   RUNS of each everyday event, 5 if not given, 0 for none; the scenarios with each TTL, 10
#                                            and 4 if none is given
#   scripts/chaos.sh rest                    health checks under load
#   scripts/chaos.sh soak HOURS [SEED]       pairs of faults from one seed after the other, from 1 if none is given
#   scripts/chaos.sh report FILE             the trials of the last run as one HTML file
set -eu
checkout=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
# shellcheck source=scripts/launch.sh
. "$checkout/scripts/launch.sh"
chaos=$checkout/chaos-tests/target
require_built "$chaos/holdfast-chaos-tests.jar" "$checkout/agent/target/holdfast-agent.jar" "$checkout/guard/build/holdfast-guard"
require_java
case ${1:-} in
    bench) main=Bench ;;
    rest) main=RestBench ;;
    soak) main=Soak ;;
    report) main=Report ;;
    *)
        echo "usage: scripts/chaos.sh bench|rest|soak|report ..." >&2
        exit 2
        ;;
esac
shift
# Else Testcontainers asks for images that may be neither here nor to be had.
export TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=localhost
exec "$JAVA_FOUND/bin/java" -Xmx512m --enable-native-access=ALL-UNNAMED "-Dholdfast.checkout=$checkout" \
    -cp "$chaos/holdfast-chaos-tests.jar" "dev.holdfast.chaos.$main" "$@"
