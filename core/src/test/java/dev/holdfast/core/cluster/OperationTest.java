package dev.holdfast.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MemberName;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whoever leads at last can tell how a change of the leader ended. */
final class OperationTest {
    private static final MemberName PG1 = new MemberName("pg1");
    private static final MemberName PG2 = new MemberName("pg2");
    private static final MemberName PG3 = new MemberName("pg3");

    private static String settled(Optional<MemberName> to, MemberName leader, String why) {
        Operation.End end =
                new Operation(
                                "20261126T093000.000Z-a",
                                Operation.Kind.SWITCHOVER,
                                Optional.of(PG1),
                                to,
                                Optional.empty(),
                                0,
                                "",
                                Optional.empty())
                        .settledBy(leader, why, "now")
                        .end()
                        .orElseThrow();
        return end.outcome().text() + ": " + end.reason();
    }

    @Test
    void itIsDoneWhenTheOneWhoWasNamedLeads() {
        assertThat(settled(Optional.of(PG2), PG2, "")).isEqualTo("done: pg2 leads");
    }

    @Test
    void withoutANameAnybodyElseWillDo() {
        assertThat(settled(Optional.empty(), PG3, "")).isEqualTo("done: pg3 leads");
        assertThat(settled(Optional.empty(), PG1, "nobody is fit"))
                .isEqualTo("failed: pg1 still leads: nobody is fit");
    }

    @Test
    void itFailedWhenTheOldLeaderOrAThirdLeads() {
        assertThat(settled(Optional.of(PG2), PG1, "pg2 lags"))
                .isEqualTo("failed: pg1 still leads: pg2 lags");
        assertThat(settled(Optional.of(PG2), PG3, "")).isEqualTo("failed: pg3 leads instead");
    }
}
