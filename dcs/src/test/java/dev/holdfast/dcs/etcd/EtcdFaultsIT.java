package dev.holdfast.dcs.etcd;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.Renewal;
import dev.holdfast.dcs.DcsException;
import dev.holdfast.dcs.Scheduler;
import dev.holdfast.dcs.StoreMirror;
import dev.holdfast.dcs.Told;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What the adapter promises while etcd is dead, hung, restarted or asks for a password. Each test
 * has etcds of its own and waits most of the time.
 */
@Execution(ExecutionMode.CONCURRENT)
class EtcdFaultsIT {
    private static final Duration REQUEST = Duration.ofSeconds(2);
    private static final Duration LEASE = Duration.ofMillis(1500);

    /** What a loaded machine may add to a deadline. */
    private static final Duration SLACK = Duration.ofSeconds(1);

    private final List<EtcdProcess> members = new ArrayList<>();
    private final List<Dcs> connections = new ArrayList<>();

    @AfterEach
    void stop() {
        connections.forEach(Dcs::close);
        members.forEach(EtcdProcess::close);
    }

    @Test
    void everyCallToAHungEtcdFailsWithinItsDeadlineAndSucceedsOnceItGoesOn() {
        EtcdProcess etcd = member();
        Dcs dcs = connect(etcd.endpoint());
        LeaseId lease = answer(dcs.grant(Duration.ofSeconds(60))).lease();
        Told told = new Told();
        var _ = dcs.watch(1, told);

        etcd.hang();
        assertThat(timed(dcs::read)).isLessThan(REQUEST.plus(SLACK));
        assertThat(timed(() -> dcs.get("a"))).isLessThan(REQUEST.plus(SLACK));
        assertThat(timed(() -> dcs.commit(List.of(), List.of(Op.put("a", "1")))))
                .isLessThan(REQUEST.plus(SLACK));
        assertThat(timed(() -> dcs.grant(Duration.ofSeconds(5)))).isLessThan(LEASE.plus(SLACK));
        assertThat(timed(() -> dcs.keepAlive(lease))).isLessThan(LEASE.plus(SLACK));
        assertThat(timed(() -> dcs.leaseState(lease))).isLessThan(LEASE.plus(SLACK));
        assertThat(timed(() -> dcs.revoke(lease))).isLessThan(LEASE.plus(SLACK));
        assertThat(told.ends()).hasSize(1);
        etcd.resume();

        await().atMost(Duration.ofSeconds(20))
                .ignoreExceptions()
                .until(() -> answer(dcs.read()) != null);
        assertThat(answer(dcs.commit(List.of(), List.of(Op.put("b", "1")))))
                .isInstanceOf(Dcs.TxnResult.Applied.class);
    }

    @Test
    void anAddressThatAcceptsAndSaysNothingFailsTheCallInOneSentence() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String endpoint = "http://127.0.0.1:" + silent.getLocalPort();
            Dcs dcs = connect(endpoint);

            assertThat(timed(dcs::read)).isLessThan(REQUEST.plus(SLACK));

            assertThat(failure(dcs::read))
                    .isEqualTo(
                            "The call read to etcd failed at "
                                    + endpoint
                                    + " (no answer within 2000 ms); check that etcd runs there and can be reached from here.");
        }
    }

    @Test
    void aWrongAddressIsNamedInOneSentence() {
        String endpoint = "http://127.0.0.1:" + EtcdProcess.freePorts(1).getFirst();
        Dcs dcs = connect(endpoint);

        assertThat(failure(dcs::read))
                .isEqualTo(
                        "The call read to etcd failed at "
                                + endpoint
                                + " (the connection was refused); check that etcd runs there and can be reached from here.");
        assertThat(failure(() -> dcs.keepAlive(new LeaseId(1))))
                .contains("keep-alive", endpoint, "refused");
    }

    @Test
    void aHostThatDoesNotExistIsNamedInOneSentence() {
        Dcs dcs = connect("http://no-such-host.invalid:2379");

        assertThat(failure(dcs::read))
                .isEqualTo(
                        "The call read to etcd failed at http://no-such-host.invalid:2379 (its name cannot be"
                                + " resolved); check that etcd runs there and can be reached from here.");
    }

    @Test
    void whatIsNoAddressIsRefusedAtOnce() {
        for (String wrong :
                List.of(
                        "127.0.0.1:2379",
                        "http://127.0.0.1",
                        "ftp://127.0.0.1:2379",
                        "http://a b:1")) {
            Assertions.assertThatThrownBy(() -> connect(wrong))
                    .isInstanceOf(DcsException.class)
                    .hasMessageContaining(wrong);
        }
    }

    @Test
    void aPasswordIsUsedAndAWrongOrMissingOneIsSaid() {
        EtcdProcess etcd = member();
        etcd.ctl("user", "add", "root:secret");
        etcd.ctl("user", "grant-role", "root", "root");
        etcd.ctl("auth", "enable");

        Dcs right =
                connect(
                        List.of(etcd.endpoint()),
                        Optional.of(new AgentConfig.Credentials("root", "secret")));
        answer(right.commit(List.of(), List.of(Op.put("a", "1"))));
        LeaseId lease = answer(right.grant(Duration.ofSeconds(30))).lease();
        assertThat(answer(right.keepAlive(lease))).isInstanceOf(Renewal.Renewed.class);
        Told told = new Told();
        var _ = right.watch(1, told);
        await().untilAsserted(() -> assertThat(told.events()).hasSize(1));

        String dead = "http://127.0.0.1:" + EtcdProcess.freePorts(1).getFirst();
        Dcs around =
                connect(
                        List.of(dead, etcd.endpoint()),
                        Optional.of(new AgentConfig.Credentials("root", "secret")));
        assertThat(answer(around.read()).entries()).containsOnlyKeys("a");

        Dcs wrong =
                connect(
                        List.of(etcd.endpoint()),
                        Optional.of(new AgentConfig.Credentials("root", "guess")));
        assertThat(failure(wrong::read))
                .contains(etcd.endpoint(), "authentication failed", "etcd3")
                .doesNotContain("guess");
        Dcs missing = connect(etcd.endpoint());
        assertThat(failure(missing::read)).contains(etcd.endpoint(), "user name is empty", "etcd3");
    }

    @Test
    void theMirrorCatchesUpAfterEtcdWasRestarted() {
        EtcdProcess etcd = member();
        Dcs dcs = connect(etcd.endpoint());
        answer(dcs.commit(List.of(), List.of(Op.put("a", "1"))));
        try (Mirrored mirrored = new Mirrored(dcs)) {
            await().untilAsserted(() -> assertThat(mirrored.value("a")).isEqualTo("1"));

            etcd.kill();
            await().untilAsserted(() -> assertThat(mirrored.troubles.get()).isPositive());
            etcd.startAgain();
            Dcs other = connect(etcd.endpoint());
            answer(other.commit(List.of(), List.of(Op.put("a", "2"))));

            await().atMost(Duration.ofSeconds(15))
                    .untilAsserted(() -> assertThat(mirrored.value("a")).isEqualTo("2"));
            answer(other.commit(List.of(), List.of(Op.put("a", "3"))));
            await().untilAsserted(() -> assertThat(mirrored.value("a")).isEqualTo("3"));
        }
    }

    @Test
    void anEtcdThatWasAwayForLongIsFoundWithinSecondsOfItsReturn() {
        EtcdProcess etcd = member();
        Dcs dcs = connect(etcd.endpoint());
        answer(dcs.read());
        etcd.kill();
        // Long enough for gRPC's own pauses between attempts to have grown past what is awaited
        // below.
        long began = System.nanoTime();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> {
                    assertThat(failure(dcs::read)).contains("refused");
                    return System.nanoTime() - began > Duration.ofSeconds(12).toNanos();
                });

        etcd.startAgain();

        await().atMost(Duration.ofSeconds(3))
                .ignoreExceptions()
                .until(() -> answer(dcs.read()) != null);
    }

    @Test
    void aLeaseIsRenewedOnWhileOneMemberOfThreeHangsAndThenIsDead() {
        members.addAll(EtcdProcess.startCluster(3));
        Dcs dcs = connect(members.stream().map(EtcdProcess::endpoint).toList(), Optional.empty());
        LeaseId lease = answer(dcs.grant(Duration.ofSeconds(10))).lease();
        AtomicInteger renewals = new AtomicInteger();
        AtomicReference<Duration> longestGap = new AtomicReference<>(Duration.ZERO);
        AtomicReference<Long> last = new AtomicReference<>(System.nanoTime());

        // The first address is the one in use: the worst to lose.
        members.getFirst().hang();
        renewUntil(15, dcs, lease, renewals, longestGap, last);
        members.getFirst().kill();
        renewUntil(30, dcs, lease, renewals, longestGap, last);
        members.getFirst().startAgain();
        members.get(1).hang();
        renewUntil(45, dcs, lease, renewals, longestGap, last);
        members.get(1).resume();
        members.get(2).kill();
        renewUntil(60, dcs, lease, renewals, longestGap, last);

        assertThat(longestGap.get()).isLessThan(Duration.ofSeconds(5));
    }

    private static void renewUntil(
            int count,
            Dcs dcs,
            LeaseId lease,
            AtomicInteger renewals,
            AtomicReference<Duration> longestGap,
            AtomicReference<Long> last) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    renew(dcs, lease, renewals, longestGap, last);
                    return renewals.get() >= count;
                });
    }

    private static void renew(
            Dcs dcs,
            LeaseId lease,
            AtomicInteger renewals,
            AtomicReference<Duration> longestGap,
            AtomicReference<Long> last) {
        try {
            assertThat(answer(dcs.keepAlive(lease))).isInstanceOf(Renewal.Renewed.class);
        } catch (CompletionException e) {
            return;
        }
        long now = System.nanoTime();
        Duration gap = Duration.ofNanos(now - last.getAndSet(now));
        longestGap.updateAndGet(longest -> gap.compareTo(longest) > 0 ? gap : longest);
        renewals.incrementAndGet();
    }

    @Test
    void aWatchOnAMemberThatHangsEndsAndTheNextRunsOnAnother() {
        members.addAll(EtcdProcess.startCluster(3));
        Dcs dcs = connect(members.stream().map(EtcdProcess::endpoint).toList(), Optional.empty());
        answer(dcs.commit(List.of(), List.of(Op.put("a", "1"))));
        try (Mirrored mirrored = new Mirrored(dcs)) {
            await().untilAsserted(() -> assertThat(mirrored.value("a")).isEqualTo("1"));

            members.getFirst().hang();
            answer(dcs.read());

            Dcs other = connect(members.getLast().endpoint());
            await().atMost(Duration.ofSeconds(10))
                    .ignoreExceptions()
                    .until(() ->
                            answer(other.commit(List.of(), List.of(Op.put("a", "2"))))
                                    instanceof Dcs.TxnResult.Applied);
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(mirrored.value("a")).isEqualTo("2"));
            members.getFirst().resume();
        }
    }

    private EtcdProcess member() {
        EtcdProcess etcd = EtcdProcess.start();
        members.add(etcd);
        return etcd;
    }

    private Dcs connect(String endpoint) {
        return connect(List.of(endpoint), Optional.empty());
    }

    private Dcs connect(List<String> endpoints, Optional<AgentConfig.Credentials> credentials) {
        Dcs dcs =
                EtcdDcs.connect(
                        AgentConfig.Etcd.plain(endpoints, credentials),
                        "/service/faults/",
                        new EtcdDcs.Options(REQUEST, LEASE));
        connections.add(dcs);
        return dcs;
    }

    private static <T> T answer(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(20, SECONDS).join();
    }

    /** How long a call took to fail. */
    private static Duration timed(Supplier<? extends CompletionStage<?>> call) {
        long began = System.nanoTime();
        assertThat(failure(call)).isNotEmpty();
        return Duration.ofNanos(System.nanoTime() - began);
    }

    private static String failure(Supplier<? extends CompletionStage<?>> call) {
        CompletionException failed =
                Assertions.catchThrowableOfType(
                        CompletionException.class, () -> answer(call.get()));
        assertThat(failed.getCause()).isInstanceOf(DcsException.class);
        return String.valueOf(failed.getMessage())
                .replaceFirst("^" + DcsException.class.getName() + ": ", "");
    }

    /** A mirror on threads of its own. */
    private static final class Mirrored implements AutoCloseable {
        private final ScheduledExecutorService executor =
                Executors.newSingleThreadScheduledExecutor();
        private final ConcurrentHashMap<String, String> values = new ConcurrentHashMap<>();
        private final AtomicInteger troubles = new AtomicInteger();
        private final StoreMirror mirror;

        Mirrored(Dcs dcs) {
            Scheduler scheduler =
                    (delay, action) -> {
                        var timer =
                                executor.schedule(action, delay.toMillis(), TimeUnit.MILLISECONDS);
                        return () -> timer.cancel(false);
                    };
            mirror =
                    new StoreMirror(
                            dcs,
                            executor,
                            scheduler,
                            () -> new MonoTime(System.nanoTime()),
                            new StoreMirror.Listener() {
                                @Override
                                public void onSnapshot(Dcs.Snapshot snapshot, MonoTime askedAt) {
                                    snapshot.entries()
                                            .forEach(
                                                    (key, entry) -> values.put(key, entry.value()));
                                }

                                @Override
                                public void onRestored(long known, long found) {
                                    troubles.incrementAndGet();
                                }

                                @Override
                                public void onTrouble(String why) {
                                    troubles.incrementAndGet();
                                }
                            });
            executor.execute(mirror::start);
        }

        String value(String key) {
            return values.getOrDefault(key, "");
        }

        @Override
        public void close() {
            executor.execute(mirror::close);
            executor.shutdown();
        }
    }
}
