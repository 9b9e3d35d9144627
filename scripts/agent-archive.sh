#!/usr/bin/env bash
# Writes down which classes an agent loads until it has led, followed and changed between the two, and in which form the JVM wants
# them: bin/holdfast-agent starts sooner by it, and its first changes of leader are quicker. For that it runs the demo,
# elsewhere and on other ports, through two switchovers. Without the archive all works as well, so nothing here fails the build; the
# JVM does not use it once the jars or the Java are others than those it was made with.
set -u
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
checkout=${here%/scripts}
archive=$checkout/agent/target/holdfast-agent.jsa
rm -f "$archive"
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
# shellcheck source=scripts/find-java.sh
. "$here/find-java.sh"

skip() {
    echo "The agent goes without its archive of classes, and its first change of leader takes some 0.1 s longer: $1"
    exit 0
}

find_java 25 999 jcmd || skip "there is no JDK with bin/jcmd."
for program in etcd haproxy; do
    type -P $program >/dev/null || skip "$program is not installed."
done

dir=$(mktemp -d /var/tmp/holdfast-archive.XXXXXX) || skip "no directory could be made in /var/tmp."
chmod 755 "$dir"
demo=
finish() {
    [ -z "$demo" ] || { kill -TERM "$demo" && wait "$demo"; } 2>/dev/null
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

echo "Training the agent on a cluster of its own (about 25 s)."
DEMO_DIR=$dir/demo DEMO_PORT_BASE=${TRAINING_PORT_BASE:-26000} HOLDFAST_JAVA_OPTS=-XX:+RecordDynamicDumpInfo \
    "$here/demo.sh" >"$dir/log" 2>&1 </dev/null &
demo=$!
until grep -qs '^Connect ' "$dir/log"; do
    kill -0 "$demo" 2>/dev/null || skip "$(grep -m 1 '^demo: ' "$dir/log" || echo "the cluster did not start.")"
    sleep 0.2
done

# Whoever leads at first has stepped down and led again after two.
leader=$("$checkout/bin/ctl" -c "$dir/demo/pg1.yml" list -f tsv | awk -F '\t' '$4 == "Leader" { print $2 }')
for _ in 1 2; do
    "$checkout/bin/ctl" -c "$dir/demo/pg1.yml" switchover --force >>"$dir/log" 2>&1 || skip "a switchover was refused."
done
agent=
for process in /proc/[0-9]*; do
    if tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -qx "$dir/demo/$leader.yml" && grep -qs '^java$' "$process/comm"; then
        agent=${process#/proc/}
    fi
done
[ -n "$agent" ] || skip "the agent of ${leader:-the leader} was not found."
as_agent=()
[ "$(id -u)" != 0 ] || as_agent=(setpriv --reuid="$(stat -c %u "/proc/$agent")" --regid="$(stat -c %g "/proc/$agent")" --clear-groups --)
# The agent's user writes it, where it may.
"${as_agent[@]}" "$JAVA_FOUND/bin/jcmd" "$agent" VM.cds dynamic_dump "$dir/demo/data/agent.jsa" >>"$dir/log" 2>&1
cp "$dir/demo/data/agent.jsa" "$archive" 2>/dev/null || skip "the JVM did not write it: $(tail -n 1 "$dir/log")"
exit 0
