package dev.holdfast.core.config;

import dev.holdfast.core.config.Scripts.Data;
import dev.holdfast.core.config.Scripts.Leader;
import dev.holdfast.core.config.Scripts.NewCluster;
import dev.holdfast.core.config.Scripts.Parameters;
import dev.holdfast.core.config.Scripts.Recovery;
import dev.holdfast.core.config.Scripts.ReplicaMethod;
import dev.holdfast.core.config.Scripts.Script;
import dev.holdfast.core.config.Scripts.Service;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads which programs of the operator are called, and with what. */
final class ScriptsReader {
    private static final List<String> CALLBACKS =
            List.of("on_start", "on_stop", "on_restart", "on_reload", "on_role_change");
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /** A hand-over waits for it. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    private static final Duration LONGEST_STOP = Duration.ofMinutes(10);

    private static final String INITDB = "initdb";
    private static final String BASEBACKUP = "basebackup";

    /** Scripts that come with Debian's patroni, and do what is done here without them. */
    private static final String DEBIAN_MAKE = "pg_createcluster";

    private static final String DEBIAN_CLONE = "pg_clonecluster";

    private ScriptsReader() {}

    static Scripts read(ConfigTree root) {
        ConfigTree postgresql = root.section("postgresql");
        ConfigTree bootstrap = root.section("bootstrap");
        SortedMap<String, Script> callbacks = callbacks(postgresql);
        Optional<Script> prePromote = script(postgresql, "pre_promote");
        Optional<Script> beforeStop = script(postgresql, "before_stop");
        Optional<List<String>> postBootstrap = postBootstrap(bootstrap);
        Optional<NewCluster> newCluster = newCluster(bootstrap);
        List<ReplicaMethod> replicas = replicaMethods(postgresql);
        return new Scripts(
                callbacks,
                prePromote,
                beforeStop,
                postBootstrap,
                newCluster,
                replicas,
                namedMethods(postgresql, replicas),
                services(root.section("follow_leader")));
    }

    /** In the order in which they stand in the file. */
    private static List<Service> services(ConfigTree section) {
        return section.keys().stream().map(name -> service(section, name)).toList();
    }

    /** A unit of systemd, or two commands. */
    private static Service service(ConfigTree section, String name) {
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}")) {
            section.error(
                    name,
                    "this name of a service",
                    "letters, digits, and . _ @ - after the first, 63 at most");
        }
        ConfigTree service = section.section(name);
        Optional<String> unit = service.text("unit");
        Optional<List<String>> start = command(service, "start");
        Optional<List<String>> stop = command(service, "stop");
        boolean commands = start.isPresent() && stop.isPresent();
        boolean any = start.isPresent() || stop.isPresent();
        if (unit.isPresent() ? any : !commands) {
            service.error(
                    "unit",
                    unit.map(Problem::show).orElse("nothing"),
                    "either a unit of systemd here, or both start and stop");
        }
        return new Service(
                name,
                new Script(
                        start.or(() -> systemctl("start", unit)).orElse(List.of()),
                        timeout(service, "start_timeout")),
                new Script(
                        stop.or(() -> systemctl("stop", unit)).orElse(List.of()),
                        service.duration("stop_timeout", Duration.ofSeconds(1), LONGEST_STOP)
                                .orElse(STOP_TIMEOUT)));
    }

    private static Optional<List<String>> systemctl(String verb, Optional<String> unit) {
        return unit.map(name -> List.of("systemctl", verb, name));
    }

    private static SortedMap<String, Script> callbacks(ConfigTree postgresql) {
        ConfigTree section = postgresql.section("callbacks");
        Duration timeout = timeout(postgresql, "callback_timeout");
        SortedMap<String, Script> callbacks = new TreeMap<>();
        for (String action : CALLBACKS) {
            command(section, action)
                    .ifPresent(words -> callbacks.put(action, new Script(words, timeout)));
        }
        return callbacks;
    }

    private static Optional<Script> script(ConfigTree postgresql, String key) {
        Duration timeout = timeout(postgresql, key + "_timeout");
        return command(postgresql, key).map(words -> new Script(words, timeout));
    }

    private static Duration timeout(ConfigTree tree, String key) {
        return tree.duration(key, Duration.ofSeconds(1), Duration.ofDays(1)).orElse(TIMEOUT);
    }

    /** A program with its arguments, written as for a shell; YAML may fold it over lines. */
    private static Optional<List<String>> command(ConfigTree tree, String key) {
        return tree.read(
                key,
                "a program with its arguments, every quote closed",
                value ->
                        Scalars.text(value)
                                .filter(text ->
                                        text.chars()
                                                .noneMatch(
                                                        c -> c < 32 && !Character.isWhitespace(c)))
                                .flatMap(ShellWords::split));
    }

    private static Optional<List<String>> postBootstrap(ConfigTree bootstrap) {
        Optional<List<String>> older = command(bootstrap, "post_init");
        return command(bootstrap, "post_bootstrap").or(() -> older);
    }

    private static Optional<NewCluster> newCluster(ConfigTree bootstrap) {
        String name = bootstrap.text("method").orElse(INITDB);
        if (name.equals(INITDB)) {
            return Optional.empty();
        }
        if (name.equals(DEBIAN_MAKE)) {
            bootstrap.warning(
                    "method", Problem.show(name), "only wraps initdb: initdb is used itself");
            bootstrap.raw(name);
            return Optional.empty();
        }
        ConfigTree section = bootstrap.section(name);
        List<String> command = requiredCommand(section);
        boolean keep = section.flag("keep_existing_recovery_conf").orElse(false);
        Parameters parameters = parameters(section);
        Recovery recovery = recovery(section.section("recovery_conf"));
        if (keep && recovery instanceof Recovery.Settings) {
            section.warning(
                    "recovery_conf",
                    "settings beside keep_existing_recovery_conf",
                    "are ignored: what the method wrote is kept");
        }
        return Optional.of(
                new NewCluster(
                        name,
                        command,
                        own(
                                section,
                                List.of(
                                        "command",
                                        "keep_existing_recovery_conf",
                                        "no_params",
                                        "recovery_conf",
                                        "scope",
                                        "datadir")),
                        parameters,
                        keep ? new Recovery.Existing() : recovery));
    }

    private static Recovery recovery(ConfigTree settings) {
        SortedMap<String, String> values = new TreeMap<>();
        for (String parameter : settings.keys()) {
            if (parameter.matches(
                    "recovery_target.*|restore_command|archive_cleanup_command"
                            + "|recovery_end_command|recovery_min_apply_delay")) {
                settings.read(parameter, "text, a number, true or false", Scalars::text)
                        .ifPresent(value -> values.put(parameter, value));
            }
        }
        if (values.isEmpty()) {
            return new Recovery.None();
        }
        // PostgreSQL's own default would stop at the target and wait for somebody to go on.
        String action = values.computeIfAbsent("recovery_target_action", _ -> "promote");
        if (!action.equals("promote")) {
            settings.error(
                    "recovery_target_action",
                    Problem.show(action),
                    "promote: the new cluster's first member is to lead");
        }
        return new Recovery.Settings(values);
    }

    private static List<ReplicaMethod> replicaMethods(ConfigTree postgresql) {
        List<ReplicaMethod> methods = new ArrayList<>();
        for (String key : List.of("create_replica_methods", "create_replica_method")) {
            for (String name : names(postgresql, key)) {
                methods.add(replicaMethod(postgresql, key, name));
            }
        }
        return methods.isEmpty()
                ? List.of(new ReplicaMethod.BaseBackup())
                : methods.stream().distinct().toList();
    }

    /** Whatever has a command is one: which are used, the dynamic configuration may say. */
    private static SortedMap<String, ReplicaMethod> namedMethods(
            ConfigTree postgresql, List<ReplicaMethod> read) {
        SortedMap<String, ReplicaMethod> named = new TreeMap<>();
        named.put(BASEBACKUP, new ReplicaMethod.BaseBackup());
        if (postgresql.has(DEBIAN_CLONE)) {
            named.put(DEBIAN_CLONE, new ReplicaMethod.BaseBackup());
        }
        for (ReplicaMethod method : read) {
            if (method instanceof ReplicaMethod.Command command) {
                named.put(command.name(), command);
            }
        }
        for (String key : postgresql.keys()) {
            if (postgresql.document().get(key) instanceof Map<?, ?> section
                    && section.containsKey("command")) {
                named.computeIfAbsent(key, name -> replicaMethod(postgresql, name, name));
            }
        }
        return named;
    }

    private static List<String> names(ConfigTree postgresql, String key) {
        return postgresql.raw(key).orElse(null) instanceof String one
                ? List.of(one.strip())
                : postgresql.lines(key).stream().distinct().toList();
    }

    private static ReplicaMethod replicaMethod(ConfigTree postgresql, String key, String name) {
        if (name.equals(BASEBACKUP)) {
            return new ReplicaMethod.BaseBackup();
        }
        if (name.equals(DEBIAN_CLONE)) {
            postgresql.warning(
                    key, Problem.show(name), "only wraps pg_basebackup: that is used itself");
            postgresql.raw(name);
            return new ReplicaMethod.BaseBackup();
        }
        ConfigTree section = postgresql.section(name);
        return new ReplicaMethod.Command(
                name,
                requiredCommand(section),
                own(
                        section,
                        List.of(
                                "command",
                                "keep_data",
                                "no_leader",
                                "no_params",
                                "scope",
                                "role",
                                "datadir",
                                "connstring")),
                parameters(section),
                section.flag("no_leader").orElse(false) ? Leader.NOT_NEEDED : Leader.NEEDED,
                section.flag("keep_data").orElse(false) ? Data.KEPT : Data.REPLACED);
    }

    private static List<String> requiredCommand(ConfigTree section) {
        if (!section.has("command")) {
            section.error("command", "nothing", "the program that this method calls");
        }
        return command(section, "command").orElse(List.of());
    }

    private static Parameters parameters(ConfigTree section) {
        return section.flag("no_params").orElse(false) ? Parameters.OMITTED : Parameters.PASSED;
    }

    /** The keys that are the operator's own, as arguments. */
    private static List<String> own(ConfigTree section, List<String> known) {
        List<String> arguments = new ArrayList<>();
        for (String key : section.keys()) {
            if (!known.contains(key)) {
                section.read(key, "text, a number, true or false", Scalars::text)
                        .ifPresent(value -> arguments.add("--" + key + "=" + value));
            }
        }
        return List.copyOf(arguments);
    }
}
