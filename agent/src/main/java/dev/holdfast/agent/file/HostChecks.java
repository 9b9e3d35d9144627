package dev.holdfast.agent.file;

import dev.holdfast.agent.postgres.LocalPostgres;
import dev.holdfast.agent.postgres.PgVersion;
import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.ClusterConfigReader;
import dev.holdfast.core.config.Problem;
import dev.holdfast.core.config.Routing;
import dev.holdfast.tls.TlsException;
import dev.holdfast.tls.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What no reader of a file can know: whether this host has what the file speaks of. A value that is
 * wrong in itself is not looked at again.
 */
final class HostChecks {
    private final AgentConfig draft;
    private final List<Problem> known;
    private final List<Problem> found = new ArrayList<>();

    private HostChecks(AgentConfig draft, List<Problem> known) {
        this.draft = draft;
        this.known = known;
    }

    /** The further problems of a configuration in which {@code known} was found. */
    static List<Problem> of(AgentConfig draft, List<Problem> known, Validation.Ports ports) {
        HostChecks checks = new HostChecks(draft, known);
        if (ports == Validation.Ports.MUST_BE_FREE) {
            checks.port("restapi.listen", List.of(draft.restApi().listen()));
            checks.port("postgresql.listen", ListenPorts.of(draft.postgresql()));
        }
        checks.reachable("restapi.connect_address", draft.restApi().connectAddress());
        checks.reachable("postgresql.connect_address", draft.postgresql().connectAddress());
        draft.postgresql()
                .proxyAddress()
                .ifPresent(address -> checks.reachable("postgresql.proxy_address", address));
        Optional<PgVersion> programs = checks.programs();
        checks.dataDirectory(programs);
        programs.ifPresent(checks::parameters);
        checks.directories();
        checks.certificates();
        draft.routing().vip().ifPresent(checks::addresses);
        return List.copyOf(checks.found);
    }

    private boolean isSound(String path) {
        return known.stream().noneMatch(p -> p.isError() && p.isAt(path));
    }

    private void port(String path, List<HostPort> addresses) {
        if (isSound(path)) {
            for (HostPort address : addresses) {
                ListenPorts.refusal(address)
                        .ifPresent(why ->
                                error(
                                        path,
                                        quoted(address),
                                        "an address on which a server can listen, and here it cannot: "
                                                + why));
            }
        }
    }

    private void reachable(String path, HostPort address) {
        if (!isSound(path) || address.host().isEmpty()) {
            return;
        }
        try {
            if (InetAddress.getByName(address.host()).isLoopbackAddress()) {
                warning(path, quoted(address), "only this host itself can reach");
            }
        } catch (UnknownHostException e) {
            error(path, quoted(address), "a host whose name can be resolved");
        }
    }

    private Optional<PgVersion> programs() {
        if (!isSound("postgresql.bin_dir")) {
            return Optional.empty();
        }
        try {
            return Optional.of(LocalPostgres.installed(draft.postgresql()));
        } catch (PostgresException e) {
            error(
                    "postgresql.bin_dir",
                    Problem.show(draft.postgresql().binDir().orElse(null)),
                    "the directory of PostgreSQL's programs, and " + e.getMessage());
            return Optional.empty();
        }
    }

    private void dataDirectory(Optional<PgVersion> programs) {
        String key = "postgresql.data_dir";
        Path directory = Path.of(draft.postgresql().dataDir());
        if (!isSound(key) || !Files.exists(directory)) {
            return;
        }
        String found = quoted(directory);
        try (Stream<Path> entries = Files.list(directory)) {
            boolean empty = entries.findAny().isEmpty();
            Path version = directory.resolve("PG_VERSION");
            if (empty) {
                return;
            }
            if (!Files.exists(version)) {
                error(key, found, "an empty directory, or one of PostgreSQL (with PG_VERSION)");
                return;
            }
            String major = Files.readString(version).strip();
            programs.filter(p -> !String.valueOf(p.major()).equals(major))
                    .ifPresent(p ->
                            error(
                                    key,
                                    found + " of PostgreSQL " + major,
                                    "data of the version of the programs, " + p.full()));
        } catch (IOException e) {
            error(key, found, "a directory that this user may read: " + e);
        }
    }

    /** Nobody knows better what a version takes than its own programs. */
    private void parameters(PgVersion version) {
        SortedMap<String, String> all =
                new TreeMap<>(
                        ClusterConfigReader.read(draft.bootstrap().dcs()).config().parameters());
        all.putAll(draft.postgresql().parameters());
        LocalPostgres.refused(draft.postgresql(), all)
                .forEach((name, why) -> {
                    boolean own = draft.postgresql().parameters().containsKey(name);
                    warning(
                            (own ? "" : "bootstrap.dcs.") + "postgresql.parameters." + name,
                            quoted(all.getOrDefault(name, "")),
                            "PostgreSQL "
                                    + version.full()
                                    + " does not take, so it is left out: "
                                    + why);
                });
    }

    private void addresses(Routing.Vip vip) {
        if (!isSound("vip.interface")) {
            return;
        }
        try {
            List<String> there =
                    NetworkInterface.networkInterfaces().map(NetworkInterface::getName).toList();
            if (!there.contains(vip.device())) {
                error(
                        "vip.interface",
                        quoted(vip.device()),
                        "a network interface of this host: " + String.join(", ", there));
            }
        } catch (SocketException e) {
            error("vip.interface", quoted(vip.device()), "interfaces that can be listed: " + e);
        }
        if (!Capabilities.mayChangeAddresses()) {
            warning(
                    "vip",
                    "a user without CAP_NET_ADMIN and CAP_NET_RAW",
                    "leaves the agent's guard unable to take them, if it runs as this user too: the"
                            + " unit needs AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW");
        }
    }

    private void directories() {
        draft.postgresql()
                .customConf()
                .filter(file -> isSound("postgresql.custom_conf"))
                .filter(file -> !Files.isReadable(Path.of(file)))
                .ifPresent(file ->
                        error(
                                "postgresql.custom_conf",
                                quoted(file),
                                "a file that exists and that this user may read"));
        draft.log().files().ifPresent(files -> writable("log.dir", Path.of(files.dir())));
        Path configuration = Path.of(draft.postgresql().configDir());
        if (!draft.postgresql().configDir().equals(draft.postgresql().dataDir())) {
            writable("postgresql.config_dir", configuration);
        }
    }

    /** What they are refused for is what the agent, or the control command, would end with. */
    private void certificates() {
        Optional<String> clients = draft.restApi().tls().flatMap(AgentConfig.ServerTls::cafile);
        draft.restApi().tls().ifPresent(tls -> identity("restapi.certfile", tls.identity()));
        clients.ifPresent(path -> authorities("restapi.cafile", path));
        draft.etcd().tls().cacert().ifPresent(path -> authorities("etcd3.cacert", path));
        draft.etcd().tls().identity().ifPresent(own -> identity("etcd3.cert", own));
        draft.ctl()
                .tls()
                .cacert()
                // Where it says nothing it is the server's.
                .filter(path -> !clients.equals(Optional.of(path)))
                .ifPresent(path -> authorities("ctl.cacert", path));
        draft.ctl().tls().identity().ifPresent(own -> identity("ctl.certfile", own));
    }

    private void identity(String path, AgentConfig.Identity identity) {
        if (isSound(path)) {
            try {
                var _ = TlsFiles.identity(identity);
            } catch (TlsException e) {
                error(
                        path,
                        quoted(identity.certfile()),
                        "a certificate and its key in PEM: " + e.getMessage());
            }
        }
    }

    private void authorities(String path, String file) {
        if (isSound(path)) {
            try {
                var _ = TlsFiles.authorities(file);
            } catch (TlsException e) {
                error(path, quoted(file), "certificates of authorities in PEM: " + e.getMessage());
            }
        }
    }

    private void writable(String path, Path directory) {
        if (isSound(path) && !(Files.isDirectory(directory) && Files.isWritable(directory))) {
            error(path, quoted(directory), "a directory that exists and that this user may write");
        }
    }

    private static String quoted(Object value) {
        return Problem.show(value.toString());
    }

    private void error(String path, String what, String expected) {
        found.add(Problem.error(path, what, expected));
    }

    private void warning(String path, String what, String whatBecomesOfIt) {
        found.add(Problem.warning(path, what, whatBecomesOfIt));
    }
}
