package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.EPOCH;
import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.STARTED;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.sender;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.postgres.ControlData.State;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.WalSender;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** S2: nothing acknowledged is lost, and {@code /primary} shows nothing that could be. */
class NothingLostTest {
    private static final Lsn BEFORE = new Lsn(HERE.value() - 1);

    private static Decision.Service service(Situation situation) {
        return situation.decide().service();
    }

    private static Situation promoted(Server.Primary server) {
        return Situation.ofPrimary()
                .sync(PG1)
                .memory(m -> m.withGate(Optional.empty()))
                .server(server);
    }

    @Test
    void weakerCommitsAreAskedForRarelyAndOnlyWhereTheyMatter() {
        Situation known =
                Situation.ofPrimary().commits(Optional.of(new CommitsFact(at(0), List.of())));
        assertThat(asksForCommits(known.freshAt(at(59_999)))).isFalse();
        assertThat(asksForCommits(known.freshAt(at(60_000)))).isTrue();
        assertThat(asksForCommits(Situation.ofPrimary().commits(Optional.empty()))).isTrue();
        assertThat(
                        asksForCommits(
                                Situation.ofPrimary()
                                        .asynchronous()
                                        .server(primaryServer(""))
                                        .commits(Optional.empty())))
                .isFalse();
        assertThat(asksForCommits(Situation.ofSyncStandby().commits(Optional.empty()))).isFalse();
    }

    private static boolean asksForCommits(Situation situation) {
        return situation.decide().actions().stream().anyMatch(Action.AskCommits.class::isInstance);
    }

    @Test
    void theGateOpensWhenTheSynchronousStandbyHasFlushedWhatThePrimaryShows() {
        assertThat(service(promoted(primaryServer("\"pg2\"", sender("pg2", HERE, "sync", 1)))))
                .isEqualTo(Decision.Service.OPEN);
        assertThat(service(promoted(primaryServer("\"pg2\"", sender("pg2", BEFORE, "sync", 1)))))
                .isEqualTo(Decision.Service.CHANGING);
        assertThat(service(promoted(primaryServer("\"pg2\"", sender("pg2", HERE, "async", 0)))))
                .isEqualTo(Decision.Service.CHANGING);
        assertThat(
                        service(
                                promoted(
                                        primaryServer(
                                                "FIRST 2 (\"pg2\", \"pg3\")",
                                                sender("pg2", HERE, "sync", 1)))))
                .isEqualTo(Decision.Service.CHANGING);
        assertThat(
                        service(
                                promoted(
                                        primaryServer(
                                                "FIRST 1 (\"pg2\", \"pg3\")",
                                                sender("pg3", HERE, "sync", 2)))))
                .isEqualTo(Decision.Service.OPEN);
    }

    @Test
    void theGateNeedsWhatWasThereWhenThePrimaryWasFirstSeenNotWhatCameSince() {
        Memory.Gate gate = new Memory.Gate(STARTED, EPOCH, BEFORE, false);
        Situation later =
                promoted(primaryServer("\"pg2\"", sender("pg2", BEFORE, "sync", 1)))
                        .memory(m -> m.withGate(Optional.of(gate)));
        assertThat(service(later)).isEqualTo(Decision.Service.OPEN);
    }

    @Test
    void theGateLatchesForThisStartAndEpochOnly() {
        List<WalSender> nobody = List.of();
        Situation open = Situation.ofPrimary().server(primaryServer("\"pg2\"", HERE, 1, nobody));
        assertThat(service(open)).isEqualTo(Decision.Service.OPEN);
        assertThat(
                        service(
                                open.memory(m ->
                                        m.withGate(
                                                Optional.of(
                                                        new Memory.Gate(
                                                                STARTED - 1, EPOCH, HERE, true))))))
                .isEqualTo(Decision.Service.CHANGING);
        assertThat(
                        service(
                                open.memory(m ->
                                        m.withGate(
                                                Optional.of(
                                                        new Memory.Gate(
                                                                STARTED,
                                                                new dev.holdfast.core.Epoch(99),
                                                                HERE,
                                                                true))))))
                .isEqualTo(Decision.Service.CHANGING);
    }

    @Test
    void emptyNamesOpenTheGateOnlyWhenSyncSaysSoFirstAndNeverWhereStrict() {
        Server.Primary alone = primaryServer("", HERE, 1, List.of());
        assertThat(service(promoted(alone))).isEqualTo(Decision.Service.OPEN);
        assertThat(service(promoted(alone).sync(PG1, PG2))).isEqualTo(Decision.Service.CHANGING);
        assertThat(service(promoted(alone).sync(PG2))).isEqualTo(Decision.Service.CHANGING);
        assertThat(service(promoted(alone).config(ConfigParts::strict)))
                .isEqualTo(Decision.Service.CHANGING);
    }

    @Test
    void withTheModeSwitchedOffTheGateOpensWhenNobodyStandsInSyncAnyMore() {
        Situation off = promoted(primaryServer("\"pg2\"", HERE, 1, List.of())).asynchronous();
        Decision first = off.sync(PG1, PG2).decide();
        assertThat(first.service()).isEqualTo(Decision.Service.CHANGING);
        assertThat(first.actions()).anyMatch(Action.WriteSync.class::isInstance);
        assertThat(service(off.sync(PG1))).isEqualTo(Decision.Service.OPEN);
    }

    @Test
    void namesOfAnotherMakeAreNotTrusted() {
        assertThat(service(promoted(primaryServer("*", sender("pg2", HERE, "sync", 1)))))
                .isEqualTo(Decision.Service.CHANGING);
    }

    @Test
    void inQuorumModeTheGateOpensWhenSoManyOfTheVotersHaveEverything() {
        Lsn less = new Lsn(HERE.value() - 8);
        assertThat(service(promoted(voters("ANY 1", less, less))))
                .isEqualTo(Decision.Service.CHANGING);
        assertThat(service(promoted(voters("ANY 1", less, HERE)))).isEqualTo(Decision.Service.OPEN);
        assertThat(service(promoted(voters("ANY 2", less, HERE))))
                .isEqualTo(Decision.Service.CHANGING);
    }

    private static Server.Primary voters(String rule, Lsn pg2, Lsn pg3) {
        return primaryServer(
                rule + " (\"pg2\", \"pg3\")",
                sender("pg2", pg2, "quorum", 1),
                sender("pg3", pg3, "quorum", 1));
    }

    @Test
    void aNewLeaderKeepsInSyncOnlyWhomItsOwnNamesEnforce() {
        Situation both = Situation.ofNewLeader().armed().sync(PG1, PG2, PG3);
        assertThat(prepared(both)).as("FIRST 1 of two enforces neither").isEmpty();
        Server.Standby one = Catalogue.withNames("\"pg3\"");
        Situation enforcing = both.server(one).applied(Optional.of(files("\"pg3\"")));
        assertThat(prepared(enforcing)).containsExactly(PG3);
        assertThat(prepared(enforcing.namesCount(Situation.Counting.UNKNOWN))).isEmpty();
        assertThat(prepared(both.server(one).applied(Optional.of(files("\"pg1\"")))))
                .as("applied and shown differ")
                .isEmpty();
        assertThat(
                        prepared(
                                enforcing
                                        .namesCount(Situation.Counting.KNOWN)
                                        .applied(Optional.of(files("\"pg3\"")))
                                        .without(PG3)))
                .as("its agent is gone")
                .isEmpty();
    }

    private static ServerFiles files(String names) {
        return new ServerFiles(
                new TreeMap<>(), List.of(), List.of(), Optional.empty(), Optional.of("pg2"), names);
    }

    private static List<dev.holdfast.core.MemberName> prepared(Situation situation) {
        return situation.decide().actions().stream()
                .filter(Action.PreparePromotion.class::isInstance)
                .map(Action.PreparePromotion.class::cast)
                .findFirst()
                .flatMap(Action.PreparePromotion::sync)
                .orElseThrow(() -> new AssertionError("nothing is prepared: " + situation.decide()))
                .standbys();
    }

    @Test
    void aServerThatIsRestartedInPlaceEnforcesWhoeverStandsInSync() {
        Situation crashed = Situation.ofPrimary().stopped(State.IN_PRODUCTION);
        assertThat(restartNames(crashed)).isEqualTo("\"pg2\"");
        assertThat(restartNames(crashed.applied(Optional.empty())))
                .as("the agent was restarted too")
                .isEqualTo("\"pg2\"");
        assertThat(restartNames(crashed.applied(Optional.of(files("FIRST 1 (\"pg2\", \"pg3\")")))))
                .isEqualTo("\"pg2\"");
        assertThat(restartNames(crashed.applied(Optional.of(files("FIRST 2 (\"pg2\", \"pg3\")")))))
                .isEqualTo("FIRST 2 (\"pg2\", \"pg3\")");
        assertThat(restartNames(crashed.sync(PG1).applied(Optional.empty())))
                .isEqualTo("FIRST 1 (\"pg2\", \"pg3\")");
        assertThat(
                        restartNames(
                                crashed.sync(PG1)
                                        .applied(Optional.empty())
                                        .without(PG2)
                                        .without(PG3)
                                        .config(ConfigParts::strict)))
                .contains("strict");
    }

    private static String restartNames(Situation situation) {
        return situation.decide().actions().stream()
                .filter(Action.StartPrimary.class::isInstance)
                .map(a -> ((Action.StartPrimary) a).files().syncNames())
                .findFirst()
                .orElseThrow(() -> new AssertionError("not restarted: " + situation.decide()));
    }

    @Test
    void aSwitchoverNeedsACandidateFromTheSyncSetAndAFailoverWaitsForEverything() {
        assertThat(
                        Situation.ofPrimary()
                                .failoverRequest(Optional.of(PG1), Optional.of(PG3))
                                .decide()
                                .reason()
                                .code())
                .isEqualTo(Reason.Code.SWITCHOVER_REFUSED);
        assertThat(
                        Situation.ofPrimary()
                                .failoverRequest(Optional.empty(), Optional.of(PG3))
                                .decide()
                                .reason()
                                .code())
                .isEqualTo(Reason.Code.SWITCHOVER_CHECKPOINT);
    }

    @Test
    void aCrashedPrimaryHandsOverOnlyInFavourOfASynchronousStandbyThatLives() {
        Situation crashed =
                Situation.ofPrimary()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .memory(m -> m.withCrashes(new Memory.Crashes(2, at(-100))))
                        .stopped(State.IN_PRODUCTION);
        assertThat(crashed.decide().reason().code()).isEqualTo(Reason.Code.LEAD_RELEASE);
        assertThat(crashed.without(PG2).decide().reason().code())
                .isEqualTo(Reason.Code.LEAD_RESTART);
    }

    @Test
    void anAsynchronousPrimaryIsRestartedInPlaceUntilNothingElseHelps() {
        Situation crashed =
                Situation.ofPrimary()
                        .asynchronous()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .stopped(State.IN_PRODUCTION);
        assertThat(
                        crashed.memory(m -> m.withCrashes(new Memory.Crashes(2, at(-100))))
                                .decide()
                                .reason()
                                .code())
                .isEqualTo(Reason.Code.LEAD_RESTART);
        assertThat(
                        crashed.memory(m -> m.withCrashes(new Memory.Crashes(4, at(-100))))
                                .decide()
                                .reason()
                                .code())
                .isEqualTo(Reason.Code.LEAD_RELEASE);
    }

    @Test
    void aStandbyIsWrittenIntoSyncOnlyAfterAPositionThatWasAskedForOnceTheNamesCounted() {
        Situation adding =
                Situation.ofPrimary()
                        .sync(PG1)
                        .server(primaryServer("\"pg2\"", sender("pg2", HERE, "sync", 1)));
        Memory begun = adding.decide().memory();
        assertThat(begun.sync().add())
                .contains(new Memory.SyncAdd(List.of(PG2), at(0), Optional.empty()));
        Situation stale = adding.now(5).memory(m -> begun).askedAt(at(-1));
        assertThat(stale.decide().memory().sync().add())
                .as("asked before")
                .contains(new Memory.SyncAdd(List.of(PG2), at(0), Optional.empty()));
        assertThat(adding.askedAt(at(4)).decide().memory().sync().add())
                .contains(new Memory.SyncAdd(List.of(PG2), at(0), Optional.of(HERE)));
    }

    @Test
    void aNameIsDroppedOnlyOnceNoEarlierWriteOfSyncCanBeExecuted() {
        Server.Primary both =
                primaryServer("FIRST 2 (\"pg2\", \"pg3\")", sender("pg2", HERE, "sync", 1));
        Situation dropping =
                Situation.ofPrimary()
                        .server(both)
                        .memory(m -> m.withSync(Memory.Sync.NONE.withWritten(50)));
        assertThat(dropping.decide().actions())
                .as("a write that compares with revision 50 may be under way")
                .anyMatch(Action.WriteSync.class::isInstance)
                .noneMatch(Action.ApplyFiles.class::isInstance);
        assertThat(
                        dropping.memory(m -> m.withSync(Memory.Sync.NONE.withWritten(49)))
                                .decide()
                                .actions())
                .anyMatch(Action.ApplyFiles.class::isInstance)
                .noneMatch(Action.WriteSync.class::isInstance);
        assertThat(dropping.memory(m -> m.withSync(Memory.Sync.NONE)).decide().actions())
                .as("an agent before this one may have written")
                .anyMatch(Action.WriteSync.class::isInstance)
                .noneMatch(Action.ApplyFiles.class::isInstance);
    }
}
