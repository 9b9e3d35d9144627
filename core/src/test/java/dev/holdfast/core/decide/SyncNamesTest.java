package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MemberName;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SyncNamesTest {
    @Test
    void whatIsWrittenIsReadBack() {
        for (SyncNames names :
                List.of(
                        SyncNames.NONE,
                        SyncNames.nobody(),
                        SyncNames.all(List.of(PG1)),
                        SyncNames.all(List.of(PG2, PG1)),
                        SyncNames.any(1, List.of(PG1)),
                        SyncNames.any(1, List.of(PG2, PG1)),
                        new SyncNames(SyncNames.Form.FIRST, 1, List.of(PG1, PG2)),
                        SyncNames.all(
                                List.of(
                                        new MemberName("a b"),
                                        new MemberName("any"),
                                        new MemberName("x(1)"))),
                        SyncNames.all(List.of(new MemberName("first 1 (a)"))))) {
            assertThat(SyncNames.parse(names.render())).as(names.render()).contains(names);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pg1 | \"pg1\"",
                "2 (pg1, pg2) | FIRST 2 (\"pg1\", \"pg2\")",
                "first 1 ( pg1 , \"pg2\" ) | FIRST 1 (\"pg1\", \"pg2\")",
                "FIRST 2(pg1,pg2) | FIRST 2 (\"pg1\", \"pg2\")",
                "any 1 ( pg1 , \"pg2\" ) | ANY 1 (\"pg1\", \"pg2\")",
                "ANY 2(pg1,pg2) | ANY 2 (\"pg1\", \"pg2\")",
                "anytown | \"anytown\"",
                "pg1, pg2 | FIRST 1 (\"pg1\", \"pg2\")",
            })
    void plainFormsAreRead(String value, String rendered) {
        assertThat(SyncNames.parse(value).map(SyncNames::render)).contains(rendered);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "*",
                "\"*\"",
                "FIRST 1 (*)",
                "ANY 1 (*)",
                "SOME 1 (pg1)",
                "FIRST 99999999999 (pg1)",
                "(",
                "pg1,",
                "FIRST 1 (pg1",
                "\"pg1",
                "pg-1"
            })
    void whatIsNotTrustedIsNotRead(String value) {
        assertThat(SyncNames.parse(value)).isEmpty();
    }

    @Test
    void onlyAListOfWhichEveryoneMustConfirmEnforces() {
        assertThat(SyncNames.all(List.of(PG1, PG2)).enforced()).containsExactly(PG1, PG2);
        assertThat(new SyncNames(SyncNames.Form.FIRST, 1, List.of(PG1, PG2)).enforced()).isEmpty();
        assertThat(SyncNames.NONE.enforced()).isEmpty();
    }
}
