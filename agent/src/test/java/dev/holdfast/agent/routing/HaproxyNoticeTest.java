package dev.holdfast.agent.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MemberName;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What HAProxy is told ({@code HaproxyToldIT} tells a real one). */
class HaproxyNoticeTest {
    private static final MemberName ME = new MemberName("pg1");

    private static String message(String... members) {
        return HaproxyNotice.message(
                "primary", ME, List.of(members).stream().map(MemberName::new).toList());
    }

    @Test
    void theOthersGoDownBeforeThisOneComesUp() {
        assertThat(message("pg1", "pg2", "pg3"))
                .isEqualTo(
                        "set server primary/pg2 health down; set server primary/pg3 health down;"
                                + " set server primary/pg1 health up\n");
    }

    @Test
    void aNameThatWouldBeACommandIsLeftOut() {
        assertThat(message("pg1", "pg2; shutdown sessions x"))
                .isEqualTo("set server primary/pg1 health up\n");
    }
}
