package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemberNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"pg1", "PG-1", "db.example.org", "a b", "first", "any", "1", "**"})
    void isAnythingThatKeyStandbyNameAndApplicationNameCanHold(String name) {
        assertThat(new MemberName(name)).hasToString(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "*", " pg1", "pg1 ", "a/b", "a,b", "a\"b", "a'b", "a\\b", "a\tb", "a\u007f",
                "pgä", "пг1"
            })
    void isRefusedWithASentenceOtherwise(String name) {
        assertThat(MemberName.isValid(name)).isFalse();
        assertThatThrownBy(() -> new MemberName(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "\"" + name + "\" is not a member name: 1 to 63 ASCII characters");
    }

    @Test
    void isAtMost63CharactersLong() {
        assertThat(MemberName.isValid("x".repeat(63))).isTrue();
        assertThat(MemberName.isValid("x".repeat(64))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "pg1, pg1",
        "PG-1, pg_1",
        "db.example.org, db_example_org",
        "a b, au0032b",
        "a_b, a_b",
        "a@b, au0064b"
    })
    void namesASlot(String member, String slot) {
        assertThat(new MemberName(member).slotName()).isEqualTo(slot);
    }

    @Test
    void namesASlotThatPostgresTakes() {
        assertThat(new MemberName("@".repeat(63)).slotName()).matches("[a-z0-9_]{1,63}");
    }

    @Test
    void matchesAnApplicationNameWithoutRegardToCase() {
        assertThat(new MemberName("Pg1").matches("pG1")).isTrue();
        assertThat(new MemberName("pg1").matches("pg10")).isFalse();
        assertThat(new MemberName("pg1").matches("")).isFalse();
    }
}
