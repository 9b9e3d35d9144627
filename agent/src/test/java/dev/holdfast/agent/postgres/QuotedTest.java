package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No value can end its own quotes. */
final class QuotedTest {
    @Test
    void aConfigurationValueStaysOnItsLineAndInItsQuotes() {
        assertThat(Quoted.configurationValue("x", "it's \\n\nport = 1\r"))
                .isEqualTo("'it''s \\\\n\\nport = 1\\r'");
        assertThatThrownBy(() -> Quoted.configurationValue("x", "a\0b"))
                .hasMessageContaining("parameter x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a=1\nb", "1a", "a.", "a'b", "include 'x'"})
    void whatIsNoNameIsRefused(String name) {
        assertThatThrownBy(() -> Quoted.parameterName(name))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("postgresql.parameters");
    }

    @Test
    void aNameIsLowered() {
        assertThat(Quoted.parameterName("Work_Mem")).isEqualTo("work_mem");
        assertThat(Quoted.parameterName("pg_stat_statements.max"))
                .isEqualTo("pg_stat_statements.max");
    }

    @Test
    void aConnectionStringHoldsItsValues() {
        TreeMap<String, String> keywords = new TreeMap<>();
        keywords.put("host", "h' port='1");
        keywords.put("user", "back\\slash");
        assertThat(Quoted.connectionString(keywords))
                .isEqualTo("host='h\\' port=\\'1' user='back\\\\slash'");
    }

    @Test
    void aPasswordFileKeepsItsFieldsApart() {
        assertThat(Quoted.passwordField("password", "a:b\\c")).isEqualTo("a\\:b\\\\c");
        assertThatThrownBy(() -> Quoted.passwordField("password", "a\nb"))
                .hasMessageContaining("line break");
    }

    @Test
    void sqlKeepsItsQuotes() {
        assertThat(Quoted.identifier("a\"b")).isEqualTo("\"a\"\"b\"");
        assertThat(Quoted.literal("a'b")).isEqualTo("'a''b'");
        assertThat(Quoted.literal("a\\'b")).isEqualTo(" E'a\\\\''b'");
    }
}
