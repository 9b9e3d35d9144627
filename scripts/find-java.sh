# Sourced by bash, not run: finds a Java. It reads the release file of each, because starting a JVM to ask takes longer than a
# health check; only an installation without that file is asked.

# Prints the major version of the Java installed in $1; fails where there is none.
java_major() {
    local text
    [ -n "$1" ] && [ -x "$1/bin/java" ] || return 1
    if [ -r "$1/release" ]; then
        text=$(<"$1/release")
    else
        text=$("$1/bin/java" -XshowSettings:properties -version 2>&1) || return 1
    fi
    [[ $text =~ (JAVA_VERSION=\"|java\.specification\.version = )([0-9]+) ]] || return 1
    printf '%s' "${BASH_REMATCH[2]}"
}

# Sets JAVA_FOUND to the home of the first Java that has bin/$3 and a major version of $1 to $2: what the operator names comes
# first, then what is installed in the usual place, then what is on the PATH.
find_java() {
    local least=$1 most=$2 program=$3 home major on_path
    on_path=$(type -P java) && on_path=$(readlink -f -- "$on_path") || on_path=
    JAVA_FOUND=
    for home in "${HOLDFAST_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* "${on_path%/bin/java}"; do
        major=$(java_major "$home") || continue
        if [ "$major" -ge "$least" ] && [ "$major" -le "$most" ] && [ -x "$home/bin/$program" ]; then
            JAVA_FOUND=$home
            return 0
        fi
    done
    return 1
}
