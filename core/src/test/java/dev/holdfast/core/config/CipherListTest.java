package dev.holdfast.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What openssl makes of these lists is known from {@code openssl ciphers -s -tls1_2}. */
final class CipherListTest {
    private static final List<String> TLS_1_3 =
            List.of(
                    "TLS_AES_256_GCM_SHA384",
                    "TLS_AES_128_GCM_SHA256",
                    "TLS_CHACHA20_POLY1305_SHA256");

    @Test
    void namesOfTheJdkAreTakenAsTheyAre() {
        assertThat(suites("TLS_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"))
                .containsExactly("TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assertThat(suites(" ")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "ECDHE-RSA-AES256-GCM-SHA384, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "DHE-RSA-AES128-SHA256, TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
        "ECDHE-RSA-AES256-SHA384, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        "ECDHE-ECDSA-AES128-SHA, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
    })
    void aNameOfOpensslIsTranslatedAndTls13IsSpokenBeside(String openssl, String jdk) {
        assertThat(suites(openssl)).startsWith(TLS_1_3.toArray(String[]::new)).endsWith(jdk);
        assertThat(suites(openssl)).hasSize(4);
    }

    @Test
    void groupsAreCombinedAndExcludedForGood() {
        assertThat(suites("ECDHE+AESGCM:DHE+CHACHA20:!aNULL:!MD5:!aECDSA:ALL+SHA:!SHA1"))
                .containsExactly(
                        "TLS_AES_256_GCM_SHA384",
                        "TLS_AES_128_GCM_SHA256",
                        "TLS_CHACHA20_POLY1305_SHA256",
                        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                        "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
        // The exclusions of Patroni's own example: the versions that suites came with.
        assertThat(suites("ALL:!SSLv1:!SSLv2:!SSLv3:!TLSv1:!TLSv1.1"))
                .hasSize(TLS_1_3.size() + 15)
                .noneMatch(name -> name.endsWith("_SHA"));
    }

    @Test
    void orderIsTheListsAndMayBeChanged() {
        assertThat(suites("kEECDH+aRSA+AES128+AESGCM:ECDHE-RSA-AES256-GCM-SHA384"))
                .endsWith(
                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
        assertThat(suites("kEECDH+aRSA+AESGCM:+AES256"))
                .endsWith(
                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
        assertThat(suites("aRSA+AES128+AESGCM:aRSA+AES256+AESGCM:@STRENGTH:@SECLEVEL=2"))
                .containsSubsequence(
                        "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assertThat(suites("HIGH:-ALL:ECDHE-RSA-AES128-SHA")).hasSize(4);
    }

    @Test
    void whatTheJdkDoesNotSpeakIsLeftOutAndSaid() {
        assertThat(
                        CipherList.read(
                                "AES256-SHA:ECDHE-RSA-AES128-SHA:DES-CBC3-SHA:!EDH-RSA-DES-CBC3-SHA"))
                .isInstanceOfSatisfying(
                        CipherList.Read.Suites.class,
                        read -> {
                            assertThat(read.unspoken())
                                    .containsExactly("AES256-SHA", "DES-CBC3-SHA");
                            assertThat(read.names()).hasSize(4);
                        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"NULL", "AES256-SHA", "HIGH:!ALL", "kRSA:RSA+AES"})
    void aListThatLeavesNothingIsRefused(String text) {
        assertThat(CipherList.read(text)).isEqualTo(new CipherList.Read.Refused(Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"HIHG", "!SSLv4", "ECDHE+AESGMC", "@SECLEVEL=9", "ECDHE+", "!", "-", "+"})
    void aWordThatMeansNothingIsNamed(String word) {
        assertThat(CipherList.read("HIGH:" + word + ":!MD5"))
                .isEqualTo(new CipherList.Read.Refused(Optional.of(word)));
    }

    private static List<String> suites(String text) {
        return switch (CipherList.read(text)) {
            case CipherList.Read.Suites(List<String> names, List<String> unspoken) -> {
                assertThat(unspoken).isEmpty();
                yield names;
            }
            case CipherList.Read.Refused refused -> throw new AssertionError(text + ": " + refused);
        };
    }
}
