package dev.holdfast.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** One member, seen from outside: its file, its processes, its REST interface, its PostgreSQL. */
final class Member {
    private static final Duration EXIT = Duration.ofSeconds(60);

    private final String name;
    private final Host host;
    private final Runner account;
    private final Path directory;
    private final MemberFile file;
    private final Optional<Clock> clock;
    private final ReplicationRelay relay;
    private final Rest rest;
    private Optional<Child> agent = Optional.empty();

    /** Writes the member's file; starts nothing but the relay. */
    Member(
            String name,
            Host host,
            Path above,
            String etcdAddresses,
            Ports ports,
            ClusterPlan plan) {
        this.name = name;
        this.host = host;
        this.account = host.account();
        this.directory = above.resolve(name);
        this.clock =
                switch (plan.clocks()) {
                    case MACHINE -> Optional.empty();
                    case OWN -> Optional.of(new Clock(above.resolve(name + ".clock")));
                };
        clock.ifPresent(own -> own.set(Duration.ZERO));
        int postgresPort = ports.next();
        Address connect = new Address(host.address(), ports.next());
        try (Host.Visit _ = host.enter()) {
            this.relay =
                    new ReplicationRelay(
                            connect,
                            new Address(host.address(), postgresPort),
                            Set.copyOf(plan.members()));
        }
        this.file =
                new MemberFile(
                        name,
                        host.address(),
                        host.postgresPrograms(),
                        directory.resolve("data"),
                        directory.resolve("run"),
                        postgresPort,
                        connect.port(),
                        ports.next(),
                        etcdAddresses);
        this.rest = new Rest(new Address(host.address(), file.restPort()));
        try {
            Files.createDirectories(directory.resolve("run"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        writeFile(file.yaml(plan));
    }

    void writeFile(String yaml) {
        try {
            Files.writeString(yamlFile(), yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        account.own(directory);
    }

    /** Adds lines to its file, and returns when the agent has read them. */
    void configure(String lines) {
        try {
            writeFile(Files.readString(yamlFile()) + lines + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        rest().command("POST", "/reload", "");
        Await.until(
                name + " has read its file",
                () ->
                        rest().get("/holdfast/journal")
                                .body()
                                .contains("the configuration was read anew"));
    }

    String name() {
        return name;
    }

    Path yamlFile() {
        return directory.resolve(name + ".yml");
    }

    Path directory() {
        return directory;
    }

    Path dataDirectory() {
        return file.dataDirectory();
    }

    Host host() {
        return host;
    }

    Address postgres() {
        return new Address(host.address(), postgresPort());
    }

    /** Its own alone, so that a server is told by what it says of itself. */
    int postgresPort() {
        return file.postgresPort();
    }

    int restPort() {
        return file.restPort();
    }

    /** Of its agent and its server. */
    Clock clock() {
        return clock.orElseThrow(() ->
                new IllegalStateException(name + " goes by the machine's clock: plan clocks"));
    }

    Path log() {
        return directory.resolve("agent.log");
    }

    ReplicationRelay relay() {
        return relay;
    }

    // --- processes

    /** Does nothing while it runs. */
    void startAgent() {
        start(Checkout.found().agent().toString());
    }

    /** Patroni in the agent's place, with the same file. */
    void startPatroni() {
        start("patroni");
    }

    private void start(String program) {
        if (!agentRuns()) {
            List<String> command = new ArrayList<>(clock.map(Clock::prefix).orElse(List.of()));
            command.addAll(List.of(program, yamlFile().toString()));
            agent = Optional.of(account.start(log(), command));
        }
    }

    boolean agentRuns() {
        return agent.filter(Child::isAlive).isPresent();
    }

    long agentPid() {
        return agent.orElseThrow(() -> new IllegalStateException(name + " was never started"))
                .pid();
    }

    void signalAgent(Signal signal) {
        agent.ifPresent(process -> process.send(signal));
    }

    /** Waits until the agent ends, and returns its exit status. */
    int awaitAgentExit() {
        return agent.orElseThrow().awaitExit(EXIT);
    }

    /** The postmaster that runs in the data directory; what it is called there is its host's. */
    Optional<Long> postmasterPid() {
        Path pidFile = dataDirectory().resolve("postmaster.pid");
        try {
            return Files.readAllLines(pidFile).stream()
                    .findFirst()
                    .map(line -> Long.parseLong(line.strip()))
                    .flatMap(called ->
                            serverPids().stream()
                                    .filter(pid -> ProcFs.pidWithin(pid) == called)
                                    .findFirst());
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Its process, found by the directory that it is told of. */
    Optional<Long> guardPid() {
        return ProcFs.touching(directory).stream()
                .filter(pid -> ProcFs.commandLine(pid).contains("--dir " + directory))
                .findFirst();
    }

    /** Every process of PostgreSQL here, orphans included. */
    List<Long> serverPids() {
        return ProcFs.touching(directory).stream()
                .filter(pid -> ProcFs.worksIn(pid, dataDirectory()))
                .toList();
    }

    /** The agent, the guard, PostgreSQL and what else runs here. */
    Set<Long> allPids() {
        Set<Long> pids = new LinkedHashSet<>();
        agent.filter(Child::isAlive).ifPresent(process -> pids.add(process.pid()));
        pids.addAll(ProcFs.touching(directory));
        return pids;
    }

    /** As when its host loses power: SIGKILL to all, until none is left. */
    void killAll() {
        Set<Long> alive = allPids();
        while (!alive.isEmpty()) {
            alive.forEach(Signal.KILL::send);
            alive = allPids();
        }
    }

    /** A guard that was killed leaves its state file to the next one, and here there is none. */
    void removeGuardState() {
        Path guardDirectory = Path.of(dataDirectory() + ".guard");
        if (!Files.exists(guardDirectory)) {
            return;
        }
        try {
            String uid = String.valueOf(Files.getAttribute(guardDirectory, "unix:uid"));
            String device = Long.toHexString((long) Files.getAttribute(guardDirectory, "unix:dev"));
            String inode = Long.toHexString((long) Files.getAttribute(guardDirectory, "unix:ino"));
            Files.deleteIfExists(
                    Path.of("/dev/shm/holdfast-guard." + uid + "." + device + "-" + inode));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // --- what it says

    Rest rest() {
        return rest;
    }

    JsonNode patroni() {
        return rest.json("/patroni");
    }

    /** The status of a health check, 0 when nobody answers. */
    int health(String path) {
        return rest.get(path).status();
    }

    boolean isPrimary() {
        return health("/primary") == 200;
    }

    /**
     * By name, the standbys that stream from it, and whether they are {@code sync} or {@code
     * async}.
     */
    SortedMap<String, String> streaming() {
        TreeMap<String, String> found = new TreeMap<>();
        for (JsonNode standby : patroni().path("replication")) {
            if ("streaming".equals(standby.path("state").asText())) {
                found.put(
                        standby.path("application_name").asText(),
                        standby.path("sync_state").asText());
            }
        }
        return found;
    }

    String sql(String query) {
        return Sql.value(postgres(), query);
    }

    void execute(String statement) {
        Sql.execute(postgres(), statement);
    }

    @Override
    public String toString() {
        return name;
    }
}
