package dev.holdfast.core.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MemberName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UpstreamTest {
    private static final MemberName PG1 = new MemberName("pg1");

    @ParameterizedTest
    @CsvSource({
        "postgres://10.0.0.1:5433/postgres, 10.0.0.1, 5433",
        "postgresql://pg_1.example, pg_1.example, 5432",
        "postgres://[fe80::1]:6000/postgres?x=y, fe80::1, 6000",
        "postgres://user:secret@db:5432/postgres, db, 5432",
    })
    void readsWhatMembersPublish(String url, String host, int port) {
        assertThat(Upstream.of(PG1, url)).contains(new Upstream(PG1, host, port));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "http://db:5432/",
                "postgres://",
                "postgres://db:99999/",
                "postgres://db:0"
            })
    void takesNothingElseForAnAddress(String url) {
        assertThat(Upstream.of(PG1, url)).isEmpty();
    }

    @Test
    void namesTheMemberThatPublishedIt() {
        assertThat(Upstream.of(PG1, "postgres://db").flatMap(Upstream::member)).contains(PG1);
    }
}
