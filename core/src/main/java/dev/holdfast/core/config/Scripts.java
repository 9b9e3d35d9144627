package dev.holdfast.core.config;

import dev.holdfast.core.FrozenMap;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The programs of an operator that a member calls.
 *
 * @param callbacks {@code postgresql.callbacks}: the script of each action, {@code on_start} and
 *     the others
 * @param postBootstrap {@code bootstrap.post_bootstrap}, or {@code post_init}, its older name
 * @param newCluster {@code bootstrap.method}; empty for initdb
 * @param replicas {@code postgresql.create_replica_methods} in order; never empty
 * @param named every method of the operator that the file describes, by its name: {@code
 *     standby_cluster.create_replica_methods} may name others than {@code replicas}
 * @param services {@code follow_leader} in order: what runs where the leader is
 */
public record Scripts(
        SortedMap<String, Script> callbacks,
        Optional<Script> prePromote,
        Optional<Script> beforeStop,
        Optional<List<String>> postBootstrap,
        Optional<NewCluster> newCluster,
        List<ReplicaMethod> replicas,
        SortedMap<String, ReplicaMethod> named,
        List<Service> services) {
    /** What a file that names no program comes to. */
    public static final Scripts NONE =
            new Scripts(
                    new TreeMap<>(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    List.of(new ReplicaMethod.BaseBackup()),
                    Collections.unmodifiableSortedMap(
                            new TreeMap<>(
                                    Collections.singletonMap(
                                            "basebackup", new ReplicaMethod.BaseBackup()))),
                    List.of());

    /** A service that is started on whoever leads, and stopped on whoever does no more. */
    public record Service(String name, Script start, Script stop) {}

    /**
     * A program and when it is ended, with all that it started.
     *
     * @param command the program and its first arguments; never empty
     */
    public record Script(List<String> command, Duration timeout) {
        public Script {
            command = List.copyOf(command);
        }

        @Override
        public String toString() {
            return String.join(" ", command);
        }
    }

    /** Whether a program is told on the command line what it is to do. */
    public enum Parameters {
        PASSED,
        OMITTED
    }

    /**
     * A method of the operator to make a new cluster.
     *
     * @param own the operator's own keys, each as {@code --key=value}
     * @param parameters whether scope and data directory are passed too
     */
    public record NewCluster(
            String name,
            List<String> command,
            List<String> own,
            Parameters parameters,
            Recovery recovery) {}

    /** How the server of a new cluster is configured for its first start. */
    public sealed interface Recovery {
        /** It opens as primary as soon as its files are consistent. */
        record None() implements Recovery {}

        /** The method itself wrote what the server needs. */
        record Existing() implements Recovery {}

        /** Up to a target, after which it opens as primary. */
        record Settings(SortedMap<String, String> values) implements Recovery {
            public Settings {
                values = FrozenMap.copyOf(values);
            }
        }
    }

    /** One way to fill the data directory of a standby. */
    public sealed interface ReplicaMethod {
        /** pg_basebackup from the leader. */
        record BaseBackup() implements ReplicaMethod {}

        /**
         * A program of the operator.
         *
         * @param own the operator's own keys, each as {@code --key=value}
         * @param parameters whether any argument is passed beside those in {@code command}
         */
        record Command(
                String name,
                List<String> command,
                List<String> own,
                Parameters parameters,
                Leader leader,
                Data data)
                implements ReplicaMethod {}
    }

    /** Whether a method copies from a server that runs. */
    public enum Leader {
        NEEDED,
        NOT_NEEDED
    }

    /** What a method finds in the data directory. */
    public enum Data {
        /** Nothing: what was there is set aside. */
        REPLACED,
        /** What was there before, to change only what differs. */
        KEPT
    }

    public Scripts {
        callbacks = FrozenMap.copyOf(callbacks);
        replicas = List.copyOf(replicas);
        named = FrozenMap.copyOf(named);
        services = List.copyOf(services);
    }

    /** Whether some method fills the data directory of a standby while no server runs. */
    public boolean copiesWithoutLeader() {
        return replicas.stream()
                .anyMatch(method ->
                        method instanceof ReplicaMethod.Command command
                                && command.leader() == Leader.NOT_NEEDED);
    }
}
