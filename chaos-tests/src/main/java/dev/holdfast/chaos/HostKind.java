package dev.holdfast.chaos;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Of what the hosts of a cluster are made. The same tests run on either. */
enum HostKind {
    /** Where a Docker engine answers and {@code make host-image} has been run. */
    CONTAINERS {
        @Override
        Optional<String> obstacle() {
            return Containers.obstacle();
        }

        @Override
        Hosts create(Account account, Path directory, List<String> names) {
            return Containers.create(account, directory, names);
        }
    },

    NAMESPACES {
        @Override
        Optional<String> obstacle() {
            return NetworkNamespaces.obstacle();
        }

        @Override
        Hosts create(Account account, Path directory, List<String> names) {
            return NetworkNamespaces.create(account, names);
        }
    };

    /** Names one of them; without it the first that is possible is taken. */
    static final String PROPERTY = "holdfast.hosts";

    /** Why there can be none on this machine, if so. */
    abstract Optional<String> obstacle();

    /**
     * Makes them.
     *
     * @param directory of the cluster, which is there on each of them under the same name
     */
    abstract Hosts create(Account account, Path directory, List<String> names);

    /** The one that the property names, whether it is possible or not. */
    static HostKind chosen() {
        String named = System.getProperty(PROPERTY, "");
        if (!named.isEmpty()) {
            return valueOf(named.toUpperCase(Locale.ROOT));
        }
        return CONTAINERS.obstacle().isEmpty() ? CONTAINERS : NAMESPACES;
    }
}
