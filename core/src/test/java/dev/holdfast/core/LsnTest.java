package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LsnTest {
    @ParameterizedTest
    @ValueSource(strings = {"0/0", "0/1", "16/B374D848", "FFFFFFFF/FFFFFFFF", "80000000/0", "1/A"})
    void isWrittenAsItWasRead(String text) {
        assertThat(Lsn.of(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "1",
                "1/",
                "/1",
                "-1/0",
                "+1/0",
                "-0/1",
                "0/-0",
                "G/0",
                "0/0/0",
                "123456789/0",
                "0/123456789",
                " 0/1",
                "٣/1"
            })
    void isNotReadFromAnythingElse(String text) {
        assertThat(Lsn.parse(text)).isEmpty();
        assertThatThrownBy(() -> Lsn.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text);
    }

    @Test
    void isComparedWithoutSign() {
        Lsn high = Lsn.of("FFFFFFFF/0");
        assertThat(high.isAfter(Lsn.of("1/0"))).isTrue();
        assertThat(Lsn.ZERO.isBefore(high)).isTrue();
        assertThat(Lsn.max(Lsn.of("1/0"), high)).isEqualTo(high);
    }

    @Test
    void countsBytesPastAnotherAndNeverBelowZero() {
        assertThat(Lsn.of("1/0").bytesPast(Lsn.of("0/FFFFFFFF"))).isEqualTo(1);
        assertThat(Lsn.of("0/FFFFFFFF").bytesPast(Lsn.of("1/0"))).isZero();
        assertThat(Lsn.of("1/0").bytesPast(Lsn.of("1/0"))).isZero();
    }
}
