package dev.holdfast.agent.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.config.Scripts.Script;
import dev.holdfast.core.config.Scripts.Service;
import dev.holdfast.core.decide.FollowLeader.Wish;
import dev.holdfast.core.status.ServiceStatus;
import dev.holdfast.core.status.ServiceStatus.State;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Services are started in order, stopped in the reverse order, and none is forgotten. */
class LeaderServicesTest {
    private static final List<Service> SERVICES = List.of(service("cache"), service("export"));

    @TempDir private Path home;
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final List<LeaderServices> all = new CopyOnWriteArrayList<>();
    private volatile String failing = "";
    private volatile String hanging = "";
    private final CountDownLatch hangs = new CountDownLatch(1);

    private static Service service(String name) {
        Duration second = Duration.ofSeconds(1);
        return new Service(
                name,
                new Script(List.of("start", name), second),
                new Script(List.of("stop", name), second));
    }

    private LeaderServices services(List<Service> named) {
        LeaderServices made = new LeaderServices(home, () -> named, this::call, () -> {});
        all.add(made);
        return made;
    }

    private void call(String key, Script script) {
        String what = script.toString();
        calls.add(what);
        if (what.equals(hanging)) {
            hangs.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException(what);
            }
        }
        if (what.equals(failing)) {
            throw new IllegalStateException(key + " failed");
        }
    }

    private static void awaitStates(LeaderServices services, ServiceStatus... states) {
        await().untilAsserted(() -> assertThat(services.states()).containsExactly(states));
    }

    private static ServiceStatus started(String name) {
        return new ServiceStatus(name, State.STARTED, "");
    }

    @AfterEach
    void leave() {
        all.forEach(LeaderServices::leave);
    }

    @Test
    void theyAreStartedInOrderAndStoppedInTheReverseOrder() {
        LeaderServices services = services(SERVICES);
        services.follow(Wish.STOP);
        services.ready().join();
        assertThat(calls).isEmpty();

        services.follow(Wish.RUN);
        awaitStates(services, started("cache"), started("export"));
        services.follow(Wish.LEAVE);
        services.follow(Wish.RUN);
        services.follow(Wish.STOP);
        services.ready().join();

        assertThat(calls)
                .containsExactly("start cache", "start export", "stop export", "stop cache");
        assertThat(services.states()).isEmpty();
    }

    @Test
    void oneThatDoesNotStartKeepsThoseAfterItWaitingAndIsToldToStop() {
        failing = "start cache";
        LeaderServices services = services(SERVICES);
        services.follow(Wish.RUN);
        awaitStates(
                services, new ServiceStatus("cache", State.FAILED, "follow_leader.cache failed"));

        services.follow(Wish.STOP);
        services.ready().join();
        assertThat(calls).containsExactly("start cache", "stop cache");
    }

    @Test
    void aStartThatHangsDoesNotHoldUpTheStop() throws Exception {
        hanging = "start cache";
        LeaderServices services = services(SERVICES);
        services.follow(Wish.RUN);
        hangs.await();

        services.follow(Wish.STOP);
        services.ready().join();

        assertThat(calls).containsExactly("start cache", "stop cache");
        assertThat(services.states()).isEmpty();
    }

    @Test
    void oneThatDoesNotStopIsSaidAndHoldsUpNobody() {
        LeaderServices services = services(SERVICES);
        services.follow(Wish.RUN);
        awaitStates(services, started("cache"), started("export"));
        failing = "stop export";

        services.follow(Wish.STOP);
        services.ready().join();

        assertThat(calls).endsWith("stop export", "stop cache");
        assertThat(services.states())
                .containsExactly(
                        new ServiceStatus(
                                "export", State.STOP_FAILED, "follow_leader.export failed"));
    }

    @Test
    void theNextAgentGoesOnWhereTheLastOneWas() {
        LeaderServices first = services(SERVICES);
        first.follow(Wish.RUN);
        awaitStates(first, started("cache"), started("export"));
        first.leave();
        calls.clear();

        LeaderServices second = services(SERVICES);
        assertThat(second.states()).containsExactly(started("cache"), started("export"));
        second.follow(Wish.RUN);
        second.leave();

        LeaderServices third = services(SERVICES);
        third.follow(Wish.STOP);
        third.ready().join();
        assertThat(calls).containsExactly("stop export", "stop cache");
        assertThat(services(SERVICES).states()).isEmpty();
    }

    @Test
    void whatAReloadNamesMoreIsStarted() {
        List<Service> named = new CopyOnWriteArrayList<>(List.of(service("cache")));
        LeaderServices services = services(named);
        services.follow(Wish.RUN);
        awaitStates(services, started("cache"));

        named.add(service("export"));
        services.onReload();
        services.follow(Wish.RUN);

        awaitStates(services, started("cache"), started("export"));
        assertThat(calls).containsExactly("start cache", "start export");
    }
}
