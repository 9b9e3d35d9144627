#!/usr/bin/env bash
# Runs a benchmark on what `make build` has built.
#   scripts/bench.sh [RUNS [TTL...]]   RUNS of each everyday event, 5 if not given, 0 for none; the scenarios with each TTL, 10 and 4
#                                      if none is given
#   scripts/bench.sh rest              health checks under load
set -eu
checkout=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
# shellcheck source=scripts/launch.sh
. "$checkout/scripts/launch.sh"
chaos=$checkout/chaos-tests/target
require_built "$chaos/holdfast-chaos-tests.jar" "$checkout/agent/target/holdfast-agent.jar" "$checkout/guard/build/holdfast-guard"
require_java
bench=Bench
if [ "${1:-}" = rest ]; then
    bench=RestBench
    shift
fi
exec "$JAVA_FOUND/bin/java" -Xmx512m --enable-native-access=ALL-UNNAMED "-Dholdfast.checkout=$checkout" \
    -cp "$chaos/holdfast-chaos-tests.jar" "dev.holdfast.chaos.$bench" "$@"
