#!/usr/bin/env bash
# Writes down which classes a command loads, and in which form the JVM wants them: bin/ctl starts in about a third less time by it. The
# JVM does not use the archive once the jars or the Java are others than those it was made with.
set -u
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." || exit 1
archive=ctl/target/holdfast-ctl.jsa
rm -f "$archive"
# Nothing listens on port 1: the call fails, after all that talks to etcd was loaded. Without the archive all works as well, so
# a failure here is none of the build.
HOLDFAST_JAVA_OPTS="-XX:ArchiveClassesAtExit=$archive" bin/ctl -d etcd3://127.0.0.1:1 list training >/dev/null 2>&1
exit 0
