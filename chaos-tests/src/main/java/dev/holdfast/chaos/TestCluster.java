package dev.holdfast.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * etcd, members and HAProxy on this machine, in a new directory under {@code /tmp}. Closing it ends
 * every process that was started, whatever state it is in.
 */
final class TestCluster implements AutoCloseable {
    private static final int PORTS_PER_MEMBER = 3;
    private static final int LOG_TAIL_LINES = 60;

    private final Account account;
    private final ClusterPlan plan;
    private final Path directory;
    private final Hosts hosts;
    private final EtcdServer etcd;
    private final LoadBalancer balancer;
    private final Map<String, Member> members = new LinkedHashMap<>();
    private final Optional<SmallDisk> smallDisk;
    private final Thread atExit = new Thread(this::abandon, "end-of-test-cluster");

    private Optional<Host.Visit> visit;

    private TestCluster(
            ClusterPlan plan,
            Account account,
            Path directory,
            Optional<SmallDisk> smallDisk,
            Hosts hosts,
            Host.Visit visit) {
        this.account = account;
        this.directory = directory;
        this.smallDisk = smallDisk;
        this.hosts = hosts;
        this.visit = Optional.of(visit);
        this.plan = plan;
        Runtime.getRuntime().addShutdownHook(atExit);
        Ports ports = Ports.free(4 + PORTS_PER_MEMBER * plan.members().size());
        this.etcd =
                switch (plan.where()) {
                    case ONE_MACHINE -> EtcdServer.single(hosts.client(), directory, ports);
                    case HOSTS -> EtcdServer.onHosts(hosts, directory, plan.members());
                };
        for (String name : plan.members()) {
            members.put(
                    name,
                    new Member(name, hosts.named(name), directory, etcd.addresses(), ports, plan));
        }
        this.balancer = new LoadBalancer(hosts.client(), directory, ports, members());
    }

    /** With one in it for each member. */
    private static Path makeDirectory(List<String> members) {
        try {
            Path made = Files.createTempDirectory(Path.of("/tmp"), "holdfast-chaos-");
            for (String member : members) {
                Files.createDirectory(made.resolve(member));
            }
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** etcd and HAProxy run, the members' files are written, no agent runs. */
    static TestCluster prepare(ClusterPlan plan) {
        Account account = Account.found();
        Path directory = makeDirectory(plan.members());
        // Before anything is written there: a disk hides what was in the directory. And before
        // there are containers, which see what was mounted when they were made.
        Optional<SmallDisk> smallDisk =
                plan.smallDisk()
                        .map(disk ->
                                SmallDisk.mount(directory.resolve(disk.member()), disk.kind()));
        account.own(directory);
        Hosts hosts =
                switch (plan.where()) {
                    case ONE_MACHINE -> new OneMachine(account);
                    case HOSTS -> HostKind.chosen().create(account, directory, plan.members());
                };
        Host.Visit visit = hosts.enter();
        try {
            return new TestCluster(plan, account, directory, smallDisk, hosts, visit);
        } catch (RuntimeException | Error e) {
            visit.close();
            hosts.close();
            throw e;
        }
    }

    /** All members run and follow one primary. */
    static TestCluster start(ClusterPlan plan) {
        TestCluster cluster = prepare(plan);
        try {
            plan.smallDisk()
                    .ifPresent(disk -> {
                        cluster.member(disk.member()).startAgent();
                        Member _ = cluster.awaitPrimary();
                    });
            cluster.members().forEach(Member::startAgent);
            cluster.awaitHealthy();
            return cluster;
        } catch (RuntimeException | Error e) {
            System.err.println(cluster.logs());
            cluster.close();
            throw e;
        }
    }

    ClusterPlan plan() {
        return plan;
    }

    Account account() {
        return account;
    }

    Path directory() {
        return directory;
    }

    EtcdServer etcd() {
        return etcd;
    }

    /** Of the member that the plan names. */
    Optional<SmallDisk> smallDisk() {
        return smallDisk;
    }

    Hosts hosts() {
        return hosts;
    }

    LoadBalancer balancer() {
        return balancer;
    }

    /** The balancer's, for clients that write. */
    Address writer() {
        return balancer.writer();
    }

    /** The balancer's, for clients that only read. */
    Address reader() {
        return balancer.reader();
    }

    /**
     * This thread reaches the cluster. So does the one that made it, until {@link #detach}: between
     * the two, what it starts is nowhere else.
     */
    void attach() {
        if (visit.isEmpty()) {
            visit = Optional.of(hosts.enter());
        }
    }

    /** This thread, which attached, is again where it was. */
    void detach() {
        visit.ifPresent(Host.Visit::close);
        visit = Optional.empty();
    }

    List<Member> members() {
        return List.copyOf(members.values());
    }

    Member member(String name) {
        Member member = members.get(name);
        if (member == null) {
            throw new IllegalArgumentException("no member " + name + " in " + members.keySet());
        }
        return member;
    }

    List<Member> others(Member... than) {
        List<Member> left = new ArrayList<>(members());
        left.removeAll(Arrays.asList(than));
        return left;
    }

    /** The value of one of the cluster's keys in etcd. */
    Optional<String> key(String name) {
        return etcd.get(prefix() + name);
    }

    String prefix() {
        return "/service/" + MemberFile.SCOPE + "/";
    }

    /** The synchronous standby that {@code /sync} names; waits until there is one. */
    Member syncStandby() {
        Await.until("/sync names a standby", () -> !syncNames().isEmpty());
        return member(syncNames().getFirst());
    }

    /** Those that {@code /sync} names now. */
    List<String> syncNames() {
        return key("sync")
                .map(text -> members().getFirst().rest().parse(text).path("sync_standby"))
                .filter(JsonNode::isTextual)
                .stream()
                .flatMap(names -> Stream.of(names.asText().split(",", -1)))
                .filter(name -> !name.isEmpty())
                .toList();
    }

    // --- waiting

    /** The one member that says it is the primary. */
    Member awaitPrimary() {
        return awaitPrimaryOf(members());
    }

    Member awaitPrimaryOf(List<Member> candidates) {
        Await.until(
                "exactly one of " + candidates + " answers /primary with 200",
                () -> candidates.stream().filter(Member::isPrimary).count() == 1);
        return candidates.stream()
                .filter(Member::isPrimary)
                .findFirst()
                .orElseGet(() -> awaitPrimaryOf(candidates));
    }

    /**
     * One primary, every other member streams from it, {@code /sync} names one that is, and HAProxy
     * leads there.
     */
    Member awaitHealthy() {
        Member primary = awaitPrimary();
        List<String> standbys = others(primary).stream().map(Member::name).sorted().toList();
        Await.until(
                "all of " + standbys + " stream from " + primary,
                () -> List.copyOf(primary.streaming().keySet()).equals(standbys));
        if (plan.sync() == ClusterPlan.Sync.ON && !standbys.isEmpty()) {
            Await.until(
                    "a synchronous standby stands in /sync and in PostgreSQL",
                    () ->
                            syncNames().stream()
                                    .map(name -> primary.streaming().getOrDefault(name, ""))
                                    .anyMatch(s -> s.equals("sync") || s.equals("quorum")));
        }
        for (Member standby : others(primary)) {
            Await.until(standby + " answers /replica", () -> standby.health("/replica") == 200);
        }
        Await.until(
                "HAProxy leads writers to " + primary,
                () ->
                        Sql.value(writer(), "SELECT current_setting('port')")
                                .equals(String.valueOf(primary.postgresPort())));
        return primary;
    }

    /**
     * Undoes what a test did to processes, network, disk, memory and pause, and waits until all is
     * well.
     */
    Member heal() {
        hosts.mend();
        smallDisk.ifPresent(SmallDisk::thaw);
        members().forEach(member -> member.host().memory().ifPresent(MemoryGroup::release));
        members().forEach(member -> member.allPids().forEach(Signal.CONT::send));
        etcd.start();
        members().forEach(Member::startAgent);
        if (isPaused()) {
            awaitCommand(member -> member.rest().command("PATCH", "/config", "{\"pause\": null}"));
        }
        return awaitHealthy();
    }

    private void awaitCommand(Function<Member, Rest.Answer> command) {
        Await.until(
                "some member takes the command",
                () -> members().stream().anyMatch(member -> command.apply(member).status() == 200));
    }

    private boolean isPaused() {
        return key("config")
                .filter(text ->
                        members().getFirst().rest().parse(text).path("pause").asBoolean(false))
                .isPresent();
    }

    // --- commands

    /** Returns when the leader may stay without etcd, and the others be elected without it. */
    void switchFailsafeOn() {
        awaitCommand(
                member -> member.rest().command("PATCH", "/config", "{\"failsafe_mode\": true}"));
        for (Member member : members()) {
            Await.until(
                    member + " knows whom the leader would ask",
                    () ->
                            member.rest().get("/failsafe").status() == 200
                                    && member.rest().json("/failsafe").size() == members.size());
        }
        // An agent neither stays nor is elected before it has run for one validity period.
        Await.pass(Duration.ofSeconds(plan.ttlSeconds()));
    }

    /** From now on members tell HAProxy when they have become primary. */
    void tellBalancer() {
        for (Member member : members()) {
            member.configure(
                    "haproxy: {runtime: %s, backend: writer}".formatted(balancer.runtime()));
        }
    }

    void switchFailsafeOff() {
        awaitCommand(
                member -> member.rest().command("PATCH", "/config", "{\"failsafe_mode\": null}"));
    }

    /** The control command, with the first member's file. */
    Finished ctl(String... arguments) {
        return Finished.run(account, ctlCommand(Arrays.asList(arguments)));
    }

    /** The same, with the superuser's password around it. */
    Finished ctlWithPassword(List<String> arguments) {
        return withPassword(ctlCommand(arguments));
    }

    /** Patroni's control command, with the first member's file. */
    Finished patronictl(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add("patronictl");
        command.add("-c");
        command.add(members().getFirst().yamlFile().toString());
        command.addAll(Arrays.asList(arguments));
        return withPassword(command);
    }

    private Finished withPassword(List<String> command) {
        List<String> all = new ArrayList<>(List.of("env", "PGPASSWORD=" + Sql.PASSWORD));
        all.addAll(command);
        return Finished.run(account, all);
    }

    private List<String> ctlCommand(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Checkout.found().ctl().toString());
        command.add("-c");
        command.add(members().getFirst().yamlFile().toString());
        command.addAll(arguments);
        return command;
    }

    // --- the end

    /** The ends of all logs. */
    String logs() {
        StringBuilder text = new StringBuilder();
        for (Path log : logFiles()) {
            try {
                List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
                text.append("---- ").append(log).append('\n');
                lines.stream()
                        .skip(Math.max(0, lines.size() - LOG_TAIL_LINES))
                        .forEach(line -> text.append(line).append('\n'));
            } catch (IOException e) {
                text.append("---- ").append(log).append(" is gone: ").append(e).append('\n');
            }
        }
        return text.toString();
    }

    /** Keeps all logs, whole, in a directory that outlives the cluster's. */
    void copyLogs(Path to) {
        try {
            for (Path log : logFiles()) {
                Path copy = to.resolve(directory.relativize(log).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(log, copy, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Path> logFiles() {
        try (Stream<Path> all = Files.walk(directory, 3)) {
            return all.filter(file -> file.toString().endsWith(".log")).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }

    private void endAll() {
        // What hangs in the kernel cannot be ended.
        smallDisk.ifPresent(SmallDisk::thaw);
        List<Long> alive = ProcFs.touching(directory);
        while (!alive.isEmpty()) {
            alive.forEach(Signal.KILL::send);
            alive = ProcFs.touching(directory);
        }
        members.values().forEach(member -> member.relay().close());
    }

    private void abandon() {
        endAll();
        smallDisk.ifPresent(SmallDisk::close);
        hosts.close();
    }

    /** Ends everything, and removes the directory. */
    @Override
    public void close() {
        endAll();
        detach();
        members.values().forEach(Member::removeGuardState);
        smallDisk.ifPresent(SmallDisk::close);
        hosts.close();
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().removeShutdownHook(atExit);
    }
}
