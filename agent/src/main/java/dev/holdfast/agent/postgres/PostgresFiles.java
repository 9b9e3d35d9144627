package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.Postgres.Prepared;
import dev.holdfast.agent.postgres.Postgres.Role;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The files that PostgreSQL reads. The layout is Patroni's: the operator's own configuration is
 * kept as {@code postgresql.base.conf} and included first, so what Holdfast writes wins.
 */
final class PostgresFiles {
    private static final String HEADER =
            """
            # Written by Holdfast, which overwrites it. Parameters belong into the cluster's dynamic
            # configuration, or into postgresql.base.conf for this member alone.
            """;

    private final MemberName name;
    private final AgentConfig.Postgres config;
    private final Path dataDir;
    private final Path configDir;

    PostgresFiles(MemberName name, AgentConfig.Postgres config) {
        this.name = name;
        this.config = config;
        this.dataDir = Path.of(config.dataDir()).toAbsolutePath();
        this.configDir = Path.of(config.configDir()).toAbsolutePath();
    }

    Path configuration() {
        return configDir.resolve("postgresql.conf");
    }

    Path passwordFile() {
        return Path.of(config.pgpass()).toAbsolutePath();
    }

    /** Whether the server that starts next stays in recovery. */
    boolean startsAsStandby() {
        return Files.exists(dataDir.resolve("standby.signal"));
    }

    /** Whether the server that starts next recovers first, whatever it becomes then. */
    boolean startsInRecovery() {
        return startsAsStandby()
                || Files.exists(dataDir.resolve("recovery.signal"))
                || Files.exists(dataDir.resolve("backup_label"));
    }

    Prepared write(ServerFiles files, ServerParameters parameters, Role role) {
        return write(
                files,
                parameters,
                settings(files, parameters, role),
                notes -> {
                    boolean cleared = clearAlterSystem(notes);
                    return writeSignal(role) || cleared;
                });
    }

    /** For the first start of a new cluster, which may have to recover from a backup. */
    Prepared writeNewCluster(
            ServerFiles files, ServerParameters parameters, Scripts.Recovery recovery) {
        Map<String, String> settings = settings(files, parameters, Role.PRIMARY);
        Path signal = dataDir.resolve("recovery.signal");
        return switch (recovery) {
            case Scripts.Recovery.None _ -> write(files, parameters, Role.PRIMARY);
            case Scripts.Recovery.Existing _ -> {
                // Its own values stand in postgresql.auto.conf, or in what is included first.
                settings.remove("recovery_target_timeline");
                yield write(files, parameters, settings, _ -> false);
            }
            case Scripts.Recovery.Settings(SortedMap<String, String> values) -> {
                settings.putAll(values);
                yield write(
                        files,
                        parameters,
                        settings,
                        notes -> {
                            boolean changed = clearAlterSystem(notes);
                            changed |= DurableFiles.delete(dataDir.resolve("standby.signal"));
                            changed |= DurableFiles.write(signal, "");
                            return changed;
                        });
            }
        };
    }

    /** What is to be done beside the configuration; tells whether it changed anything. */
    private interface Beside {
        boolean write(List<String> notes) throws IOException;
    }

    private Prepared write(
            ServerFiles files,
            ServerParameters parameters,
            Map<String, String> settings,
            Beside beside) {
        List<String> notes = new ArrayList<>(parameters.notes());
        try {
            boolean changed = keepBase();
            changed |= writePasswords();
            changed |= DurableFiles.write(configuration(), rendered(settings));
            // Whoever names a file of his own keeps it himself.
            if (!parameters.all().containsKey("hba_file")) {
                changed |= writeLines("pg_hba.conf", files.hba());
            }
            if (!parameters.all().containsKey("ident_file")) {
                changed |= writeLines("pg_ident.conf", files.ident());
            }
            config.customConf()
                    .filter(custom -> !Files.exists(Path.of(custom)))
                    .ifPresent(custom ->
                            notes.add(
                                    "the file "
                                            + custom
                                            + " (postgresql.custom_conf) is not there, so nothing of it holds"));
            changed |= beside.write(notes);
            return new Prepared(changed, notes);
        } catch (IOException e) {
            throw new PostgresException(
                    "the configuration of PostgreSQL could not be written: "
                            + e
                            + "; "
                            + configDir
                            + " and "
                            + dataDir
                            + " must be writable for the agent and have room",
                    e);
        }
    }

    /** Takes over the operator's file once; afterwards ours stands in its place. */
    private boolean keepBase() throws IOException {
        Path base = configDir.resolve("postgresql.base.conf");
        if (Files.exists(base)) {
            return false;
        }
        if (Files.exists(configuration())) {
            // A copy first: at no time is there no configuration to start with.
            Path unfinished = configDir.resolve("postgresql.base.conf.new");
            Files.copy(
                    configuration(),
                    unfinished,
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.COPY_ATTRIBUTES);
            Files.setOwner(unfinished, Files.getOwner(configDir));
            Files.move(unfinished, base, StandardCopyOption.ATOMIC_MOVE);
            DurableFiles.syncDirectory(configDir);
            return true;
        }
        return DurableFiles.write(base, "");
    }

    /** Creates or corrects the password file, which pg_basebackup and pg_rewind use too. */
    boolean writePasswords() throws IOException {
        TreeSet<String> lines = new TreeSet<>();
        for (DatabaseUser user :
                List.of(config.superuser(), config.replication(), config.rewind())) {
            if (!user.password().isEmpty()) {
                lines.add(
                        "*:*:*:"
                                + Quoted.passwordField("user name", user.username())
                                + ":"
                                + Quoted.passwordField(
                                        "password of " + user.username(), user.password()));
            }
        }
        Path file = passwordFile();
        Path directory = file.getParent();
        if (directory != null) {
            DurableFiles.createDirectory(directory);
        }
        return DurableFiles.write(file, lines.isEmpty() ? "" : String.join("\n", lines) + "\n");
    }

    private Map<String, String> settings(
            ServerFiles files, ServerParameters parameters, Role role) {
        Map<String, String> settings = new LinkedHashMap<>(parameters.all());
        settings.putIfAbsent("hba_file", configDir.resolve("pg_hba.conf").toString());
        settings.putIfAbsent("ident_file", configDir.resolve("pg_ident.conf").toString());
        settings.put("synchronous_standby_names", files.syncNames());
        settings.put("recovery_target_timeline", "latest");
        settings.put("primary_conninfo", primaryConninfo(files, role));
        settings.put("primary_slot_name", role == Role.PRIMARY ? "" : files.slotName().orElse(""));
        return settings;
    }

    private String rendered(Map<String, String> settings) {
        StringBuilder text = new StringBuilder(HEADER).append(base()).append("\n\n");
        settings.forEach((parameter, value) ->
                text.append(parameter)
                        .append(" = ")
                        .append(Quoted.configurationValue(parameter, value))
                        .append('\n'));
        return text.toString();
    }

    /** What the operator wrote himself comes first, so what Holdfast writes wins. */
    private String base() {
        // A file that is gone must not keep the server from taking what the cluster needs.
        return config.customConf()
                .map(custom ->
                        "include_if_exists " + Quoted.configurationValue("custom_conf", custom))
                .orElse("include 'postgresql.base.conf'");
    }

    /**
     * The value that {@code primary_conninfo} gets: empty for a primary, or without an upstream.
     */
    String primaryConninfo(ServerFiles files, Role role) {
        return switch (role) {
            case PRIMARY -> "";
            case STANDBY ->
                    files.upstream()
                            .map(upstream -> conninfo(upstream, config.replication(), name.value()))
                            .orElse("");
        };
    }

    /**
     * How a program or a standby of this member reaches another server: of several the one that
     * takes writes.
     */
    String conninfo(Upstream upstream, DatabaseUser user, String applicationName) {
        Map<String, String> keywords = new LinkedHashMap<>();
        keywords.put("user", user.username());
        keywords.put("passfile", passwordFile().toString());
        keywords.put("host", listed(upstream, Upstream.Address::host));
        keywords.put("port", listed(upstream, address -> Integer.toString(address.port())));
        if (upstream.addresses().size() > 1) {
            keywords.put("target_session_attrs", "read-write");
        }
        keywords.put("sslmode", "prefer");
        keywords.put("application_name", applicationName);
        keywords.put("gssencmode", "disable");
        keywords.putAll(user.connection());
        return Quoted.connectionString(keywords);
    }

    private static String listed(Upstream upstream, Function<Upstream.Address, String> part) {
        return upstream.addresses().stream().map(part).collect(Collectors.joining(","));
    }

    /** Without lines of ours the operator's file stays. */
    private boolean writeLines(String file, List<String> lines) throws IOException {
        String header =
                "# Written by Holdfast, which overwrites it. Change the lines in the configuration.\n";
        return !lines.isEmpty()
                && DurableFiles.write(
                        configDir.resolve(file), header + String.join("\n", lines) + "\n");
    }

    /** ALTER SYSTEM comes after every file, so what Holdfast controls must not stand there. */
    private boolean clearAlterSystem(List<String> notes) throws IOException {
        Path file = dataDir.resolve("postgresql.auto.conf");
        String text = DurableFiles.read(file).orElse("");
        List<String> kept = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String parameter = line.strip().split("[\\s=]", 2)[0].toLowerCase(Locale.ROOT);
            if (ServerParameters.CONTROLLED.contains(parameter)
                    || ServerParameters.NOT_BY_ALTER_SYSTEM.contains(parameter)) {
                notes.add(
                        parameter
                                + " was taken out of "
                                + file
                                + " (ALTER SYSTEM or pg_basebackup -R had put it there): Holdfast sets it");
            } else {
                kept.add(line);
            }
        }
        return kept.size() != text.lines().count()
                && DurableFiles.write(file, kept.isEmpty() ? "" : String.join("\n", kept) + "\n");
    }

    private boolean writeSignal(Role role) throws IOException {
        boolean recovery = DurableFiles.delete(dataDir.resolve("recovery.signal"));
        Path signal = dataDir.resolve("standby.signal");
        boolean standby =
                switch (role) {
                    case PRIMARY -> DurableFiles.delete(signal);
                    case STANDBY -> DurableFiles.write(signal, "");
                };
        return recovery || standby;
    }
}
