package dev.holdfast.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The guard has an address only while PostgreSQL runs here and only until the instant that it was
 * told, and takes none that another host answers for. On two network namespaces, so as root.
 */
class GuardAddressesTest {
    private static final String HERE = "hfg" + ProcessHandle.current().pid() + "a";
    private static final String THERE = "hfg" + ProcessHandle.current().pid() + "b";
    private static final String DEVICE = "g0";
    private static final String ADDRESS = "10.99.0.100/24";
    private static final Duration LONG = Duration.ofMinutes(5);

    @TempDir private Path home;

    @BeforeEach
    void connectTwoHosts() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "namespaces need root");
        ip("netns add " + HERE);
        ip("netns add " + THERE);
        ip("link add " + DEVICE + " netns " + HERE + " type veth peer name g1 netns " + THERE);
        for (String host : List.of(HERE, THERE)) {
            ip("-n " + host + " link set lo up");
            ip("-n " + host + " link set " + (host.equals(HERE) ? DEVICE : "g1") + " up");
        }
    }

    @AfterEach
    void removeThem() throws IOException {
        for (String host : GuardUnderTest.run("ip", "netns").lines().toList()) {
            String name = host.split(" ", 2)[0];
            if (name.equals(HERE) || name.equals(THERE)) {
                ip("netns delete " + name);
            }
        }
    }

    private static String ip(String command) throws IOException {
        return GuardUnderTest.run(("ip " + command).split(" "));
    }

    private GuardUnderTest guard(String... further) throws IOException {
        List<String> before = new java.util.ArrayList<>(List.of("ip", "netns", "exec", HERE));
        before.addAll(List.of(further));
        return new GuardUnderTest(home, before, List.of());
    }

    private static boolean isHeld(String address) throws IOException {
        return ip("-n " + HERE + " -br addr show " + DEVICE).contains(address);
    }

    private static void hold(GuardUnderTest guard, String address, Duration span) {
        guard.client().addresses(guard.in(span), DEVICE + " " + address).join();
        guard.told().awaitEvent(new Told.Address(address, "held", ""));
    }

    @Test
    void anAddressGoesWithTheServer() throws IOException {
        try (GuardUnderTest guard = guard()) {
            long pid = guard.start("sleep 1000");
            hold(guard, ADDRESS, LONG);
            assertThat(isHeld(ADDRESS)).isTrue();

            guard.client().kill().join();

            guard.told().awaitEvent(new Told.Gone(pid));
            assertThat(isHeld(ADDRESS)).isFalse();
            assertThatThrownBy(() -> hold(guard, ADDRESS, LONG))
                    .hasMessageContaining("no PostgreSQL runs here");
        }
    }

    @Test
    void anAddressGoesBeforeTheServerIsToldToShutDown() throws IOException {
        try (GuardUnderTest guard = guard()) {
            guard.start("trap '' INT; sleep 1000");
            hold(guard, ADDRESS, LONG);

            guard.client().signal(PostmasterSignal.INT).join();

            assertThat(isHeld(ADDRESS)).isFalse();
        }
    }

    @Test
    void anAddressGoesAtItsInstantThoughNobodySpeaksToTheGuard() throws IOException {
        try (GuardUnderTest guard = guard()) {
            guard.start("sleep 1000");
            hold(guard, ADDRESS, Duration.ofSeconds(1));
            guard.client().close();

            await().atMost(Told.PATIENCE).until(() -> !isHeld(ADDRESS));
        }
    }

    @Test
    void aGuardThatTakesAKilledOnesPlaceKnowsOfItsAddresses() throws IOException {
        try (GuardUnderTest guard = guard()) {
            guard.start("sleep 1000");
            hold(guard, ADDRESS, Duration.ofSeconds(3));

            guard.killGuard();
            guard.startAgain();

            assertThat(isHeld(ADDRESS)).isTrue();
            guard.told().awaitEvent(new Told.Address(ADDRESS, "free", ""));
            assertThat(isHeld(ADDRESS)).isFalse();
        }
    }

    @Test
    void whatAnotherHostAnswersForIsNotTaken() throws IOException {
        ip("-n " + THERE + " addr add " + ADDRESS + " dev g1");
        String mac = ip("-n " + THERE + " -br link show g1").strip().split(" +", -1)[2];
        try (GuardUnderTest guard = guard()) {
            guard.start("sleep 1000");

            guard.client().addresses(guard.in(LONG), DEVICE + " " + ADDRESS).join();

            guard.told()
                    .awaitEvent(
                            new Told.Address(
                                    ADDRESS, "refused", "another host answers for it: " + mac));
            assertThat(isHeld(ADDRESS)).isFalse();

            ip("-n " + THERE + " addr del " + ADDRESS + " dev g1");
            hold(guard, ADDRESS, LONG);
            assertThat(isHeld(ADDRESS)).isTrue();
        }
    }

    @Test
    void anAddressOfIpv6IsHeldBesideOneOfIpv4AndEachIsGivenUpByItself() throws IOException {
        String six = "fd00:99::100/64";
        try (GuardUnderTest guard = guard()) {
            guard.start("sleep 1000");
            hold(guard, ADDRESS, LONG);

            guard.client()
                    .addresses(guard.in(LONG), DEVICE + " " + ADDRESS + "," + DEVICE + " " + six)
                    .join();
            guard.told().awaitEvent(new Told.Address(six, "held", ""));
            guard.client().addresses(guard.in(LONG), DEVICE + " " + six).join();

            assertThat(isHeld(ADDRESS)).isFalse();
            assertThat(isHeld(six)).isTrue();
        }
    }

    @Test
    void whatTheHostDoesNotAllowIsSaid() throws IOException {
        try (GuardUnderTest guard = guard("setpriv", "--bounding-set", "-net_admin,-net_raw")) {
            guard.start("sleep 1000");

            guard.client().addresses(guard.in(LONG), DEVICE + " " + ADDRESS).join();

            guard.told()
                    .awaitEvent(
                            new Told.Address(
                                    ADDRESS,
                                    "refused",
                                    "the guard may not ask who has the address: it needs CAP_NET_RAW"));
        }
    }

    @Test
    void whatIsNoAddressOrNoInterfaceIsRefused() throws IOException {
        try (GuardUnderTest guard = guard()) {
            guard.start("sleep 1000");

            for (String wrong :
                    List.of("g9 " + ADDRESS, DEVICE + " 10.99.0.100/33", DEVICE + " 10.99.0/24")) {
                assertThatThrownBy(() -> guard.client().addresses(guard.in(LONG), wrong).join())
                        .hasMessageContaining(wrong + ": ");
            }
            assertThatThrownBy(() ->
                            guard.client()
                                    .addresses(
                                            guard.in(Duration.ofSeconds(-1)),
                                            DEVICE + " " + ADDRESS)
                                    .join())
                    .hasMessageContaining("that instant has passed");
        }
    }
}
