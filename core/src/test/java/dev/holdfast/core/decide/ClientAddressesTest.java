package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Situation.KILL_MILLIS;
import static dev.holdfast.core.decide.Situation.SOFT_MILLIS;
import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.sender;
import static dev.holdfast.core.decide.Values.standbyServer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.config.Routing;
import dev.holdfast.core.decide.ClientAddresses.Wanted;
import dev.holdfast.core.decide.Values.Receiving;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The writers' address is where writes are served, the readers' where little is missing. */
class ClientAddressesTest {
    private static final long LIMIT = 1 << 20;
    private static final String WRITER = "10.0.0.100/24";
    private static final String READER = "10.0.0.101/24";
    private static final Routing.Vip VIP =
            new Routing.Vip("eth0", List.of(WRITER), List.of(READER), LIMIT);

    private static Wanted wanted(Situation situation) {
        return ClientAddresses.wanted(VIP, situation.observe(), situation.decide());
    }

    private static Lsn ahead(long bytes) {
        return new Lsn(HERE.value() + bytes);
    }

    @Test
    void aPrimaryHoldsTheWritersAddressUntilTheGuardWouldEndIt() {
        assertThat(wanted(Situation.ofPrimary()))
                .isEqualTo(new Wanted(List.of(WRITER), at(KILL_MILLIS)));
    }

    @Test
    void aPrimaryWhoseGateIsClosedHoldsNothing() {
        assertThat(
                        wanted(
                                Situation.ofPrimary()
                                        .server(
                                                primaryServer(
                                                        "\"pg2\"",
                                                        sender("pg2", new Lsn(1), "sync", 1)))
                                        .memory(m -> m.withGate(Optional.empty()))))
                .isEqualTo(Wanted.NONE);
    }

    @Test
    void untilTheServerIsStoppedForASwitchoverItsClientsStay() {
        Situation situation = Situation.ofPrimary();
        Decision decided = situation.decide();
        Decision waiting =
                new Decision(
                        decided.reason(),
                        List.of(),
                        decided.memory(),
                        decided.lookAgain(),
                        decided.probe(),
                        Decision.Service.CHANGING);

        assertThat(ClientAddresses.wanted(VIP, situation.observe(), waiting).addresses())
                .containsExactly(WRITER);
    }

    @Test
    void withoutProofOfTheLeaseNothingIsHeld() {
        assertThat(wanted(Situation.ofPrimary().lostLease())).isEqualTo(Wanted.NONE);
        assertThat(wanted(Situation.ofPrimary().now(SOFT_MILLIS + 1))).isEqualTo(Wanted.NONE);
        assertThat(wanted(Situation.ofPrimary().leader(PG2, 200))).isEqualTo(Wanted.NONE);
    }

    @Test
    void whileTheServerIsStoppedNothingIsHeld() {
        assertThat(
                        wanted(
                                Situation.ofPrimary()
                                        .running(
                                                new Action.Stop(
                                                        Action.StopMode.FAST,
                                                        Duration.ofMinutes(1)))))
                .isEqualTo(Wanted.NONE);
        assertThat(wanted(Situation.ofPrimary().stopped())).isEqualTo(Wanted.NONE);
        assertThat(wanted(Situation.ofPrimary().silent())).isEqualTo(Wanted.NONE);
    }

    @Test
    void aReplicaHoldsTheReadersAddressForAsLongAsItsOwnLeaseIsGood() {
        assertThat(wanted(Situation.ofAsyncStandby()))
                .isEqualTo(new Wanted(List.of(READER), at(KILL_MILLIS)));
        assertThat(wanted(Situation.ofAsyncStandby().now(KILL_MILLIS))).isEqualTo(Wanted.NONE);
    }

    @Test
    void aReplicaBeyondTheLimitHoldsNothing() {
        assertThat(wanted(Situation.ofAsyncStandby().optime(ahead(LIMIT))).addresses())
                .containsExactly(READER);
        assertThat(wanted(Situation.ofAsyncStandby().optime(ahead(LIMIT + 1))))
                .isEqualTo(Wanted.NONE);
    }

    @Test
    void aReplicaOfWhichItIsNotKnownHowFarItIsBehindHoldsNothing() {
        assertThat(
                        wanted(
                                Situation.ofAsyncStandby()
                                        .server(standbyServer(HERE, 1, Receiving.NOTHING))))
                .isEqualTo(Wanted.NONE);
        assertThat(wanted(Situation.ofFailover())).isEqualTo(Wanted.NONE);
    }

    @Test
    void inAStandbyClusterOnlyReplicasHoldAnAddress() {
        assertThat(wanted(Situation.ofStandbyLeader())).isEqualTo(Wanted.NONE);
        assertThat(wanted(Situation.ofSyncStandby().inStandbyCluster()).addresses())
                .containsExactly(READER);
        Situation demoted = Situation.ofPrimary().inStandbyCluster();
        assertThat(wanted(demoted).addresses()).as("it still serves").containsExactly(WRITER);
        assertThat(wanted(demoted.checkpointedAt(10))).isEqualTo(Wanted.NONE);
    }

    @Test
    void aReplicaThatIsNotToBeReadFromHoldsNothing() {
        assertThat(wanted(Situation.ofAsyncStandby().myTag("noloadbalance")))
                .isEqualTo(Wanted.NONE);
    }
}
