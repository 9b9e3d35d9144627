package dev.holdfast.core.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Reads a list of cipher suites: the JDK's names, or openssl's language of names, groups and
 * exclusions, which is what Patroni's {@code restapi.ciphers} is in. As there, a list in openssl's
 * language is about TLS 1.2; the suites of TLS 1.3 are spoken in any case.
 *
 * <p>The JDK speaks none without forward secrecy or authentication, and none with a weak cipher: to
 * exclude them is allowed and changes nothing, and groups of them are empty.
 */
final class CipherList {
    private static final List<String> TLS_1_3 =
            List.of(
                    "TLS_AES_256_GCM_SHA384",
                    "TLS_AES_128_GCM_SHA256",
                    "TLS_CHACHA20_POLY1305_SHA256");

    /** Of TLS 1.2, in the order in which the JDK prefers them. */
    private static final List<Suite> TLS_1_2 =
            Stream.of(
                            "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                            "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                            "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                            "ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                            "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                            "ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                            "DHE_RSA_WITH_AES_256_GCM_SHA384",
                            "DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                            "DHE_RSA_WITH_AES_128_GCM_SHA256",
                            "ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
                            "ECDHE_RSA_WITH_AES_256_CBC_SHA384",
                            "ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
                            "ECDHE_RSA_WITH_AES_128_CBC_SHA256",
                            "DHE_RSA_WITH_AES_256_CBC_SHA256",
                            "DHE_RSA_WITH_AES_128_CBC_SHA256",
                            "ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                            "ECDHE_RSA_WITH_AES_256_CBC_SHA",
                            "ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                            "ECDHE_RSA_WITH_AES_128_CBC_SHA",
                            "DHE_RSA_WITH_AES_256_CBC_SHA",
                            "DHE_RSA_WITH_AES_128_CBC_SHA")
                    .map(name -> new Suite("TLS_" + name))
                    .toList();

    /** Groups of openssl of which the JDK speaks nothing. */
    private static final List<String> ABSENT =
            List.of(
                    ("NULL eNULL aNULL ADH AECDH EXP EXPORT EXPORT40 EXPORT56 LOW MEDIUM MD5 RC2 RC4 DES"
                                    + " 3DES IDEA SEED CAMELLIA CAMELLIA128 CAMELLIA256 ARIA ARIA128"
                                    + " ARIA256 ARIAGCM AESCCM AESCCM8 GOST89MAC GOST94 kGOST aGOST aGOST01"
                                    + " PSK kPSK aPSK kECDHEPSK kDHEPSK kRSAPSK SRP aSRP kSRP KRB5 RSA kRSA DSS"
                                    + " aDSS aDH kDH kDHr kDHd aECDH kECDH kECDHr kECDHe SSLv1 SSLv2"
                                    + " TLSv1.1 COMPLEMENTOFALL COMPLEMENTOFDEFAULT")
                            .split(" "));

    private final List<Suite> chosen = new ArrayList<>();
    private final List<Suite> excluded = new ArrayList<>();
    private final List<String> unspoken = new ArrayList<>();

    private CipherList() {}

    /** What became of the text. */
    sealed interface Read {
        /**
         * Names of the JDK.
         *
         * @param names none where the text has none
         * @param unspoken suites that it asks for and the JDK does not speak
         */
        record Suites(List<String> names, List<String> unspoken) implements Read {}

        /** A word of it that means nothing here, or no word where nothing is left to speak. */
        record Refused(Optional<String> word) implements Read {}
    }

    static Read read(String text) {
        List<String> words =
                Stream.of(text.split("[:,;\\s]+")).filter(word -> !word.isEmpty()).toList();
        if (words.stream().allMatch(word -> word.matches("TLS_[A-Z0-9_]+"))) {
            return new Read.Suites(words, List.of());
        }
        CipherList list = new CipherList();
        for (String word : words) {
            if (!list.take(word)) {
                return new Read.Refused(Optional.of(word));
            }
        }
        if (list.chosen.isEmpty()) {
            return new Read.Refused(Optional.empty());
        }
        List<String> names = new ArrayList<>(TLS_1_3);
        list.chosen.forEach(suite -> names.add(suite.name()));
        return new Read.Suites(List.copyOf(names), List.copyOf(list.unspoken));
    }

    private boolean take(String word) {
        if (word.equals("@STRENGTH")) {
            List<Suite> sorted =
                    chosen.stream()
                            .sorted(Comparator.comparingInt(Suite::bits).reversed())
                            .toList();
            chosen.clear();
            chosen.addAll(sorted);
            return true;
        }
        // What these levels ask of a suite, every one of these has.
        if (word.matches("@SECLEVEL=[0-3]")) {
            return true;
        }
        char sign = word.charAt(0);
        boolean signed = sign == '!' || sign == '-' || sign == '+';
        Optional<List<Suite>> named = named(signed ? word.substring(1) : word);
        if (named.isEmpty() && word.matches("[!+-]?[A-Z0-9]+(-[A-Z0-9]+)+")) {
            // The name of one suite, and not of a group.
            if (!signed) {
                unspoken.add(word);
            }
            return true;
        }
        named.ifPresent(suites -> {
            switch (sign) {
                case '!' -> {
                    excluded.addAll(suites);
                    suites.forEach(chosen::remove);
                }
                case '-' -> suites.forEach(chosen::remove);
                case '+' ->
                        suites.stream().filter(chosen::remove).toList().forEach(chosen::addLast);
                default ->
                        suites.stream()
                                .filter(suite ->
                                        !excluded.contains(suite) && !chosen.contains(suite))
                                .forEach(chosen::add);
            }
        });
        return named.isPresent();
    }

    /** Groups that are joined by a plus mean what is in all of them. */
    private static Optional<List<Suite>> named(String word) {
        Predicate<Suite> all = _ -> true;
        for (String part : word.split("\\+", -1)) {
            Optional<Predicate<Suite>> group = group(part);
            if (group.isEmpty()) {
                return Optional.empty();
            }
            all = all.and(group.get());
        }
        return Optional.of(TLS_1_2.stream().filter(all).toList());
    }

    private static Optional<Predicate<Suite>> group(String word) {
        if (ABSENT.contains(word)) {
            return Optional.of(_ -> false);
        }
        return switch (word) {
            case "ALL", "DEFAULT", "HIGH" -> Optional.of(_ -> true);
            // The version that a suite came with.
            case "TLSv1.2" -> Optional.of(suite -> !suite.name().endsWith("_SHA"));
            case "TLSv1", "TLSv1.0" ->
                    Optional.of(suite -> suite.begins("ECDHE") && suite.name().endsWith("_SHA"));
            case "SSLv3" ->
                    Optional.of(suite -> suite.begins("DHE") && suite.name().endsWith("_SHA"));
            case "ECDHE", "EECDH", "kECDHE", "kEECDH", "ECDH" ->
                    Optional.of(suite -> suite.begins("ECDHE"));
            case "DHE", "EDH", "kDHE", "kEDH", "DH" -> Optional.of(suite -> suite.begins("DHE"));
            case "aRSA" -> Optional.of(suite -> suite.has("RSA"));
            case "ECDSA", "aECDSA" -> Optional.of(suite -> suite.has("ECDSA"));
            case "AES" -> Optional.of(suite -> suite.has("AES"));
            case "AES128" -> Optional.of(suite -> suite.has("AES_128"));
            case "AES256" -> Optional.of(suite -> suite.has("AES_256"));
            case "AESGCM" -> Optional.of(suite -> suite.has("GCM"));
            case "CHACHA20" -> Optional.of(suite -> suite.has("CHACHA20"));
            case "SHA", "SHA1" -> Optional.of(suite -> suite.name().endsWith("CBC_SHA"));
            case "SHA256" -> Optional.of(suite -> suite.name().endsWith("CBC_SHA256"));
            case "SHA384" -> Optional.of(suite -> suite.name().endsWith("CBC_SHA384"));
            case String name ->
                    TLS_1_2.stream()
                            .filter(suite ->
                                    suite.openssl().equals(name) || suite.name().equals(name))
                            .findFirst()
                            .map(Predicate::isEqual);
        };
    }

    /** One suite of TLS 1.2, by its name in the JDK. */
    private record Suite(String name) {
        int bits() {
            return has("AES_128") ? 128 : 256;
        }

        boolean begins(String exchange) {
            return name.startsWith("TLS_" + exchange + "_");
        }

        boolean has(String part) {
            return name.contains("_" + part + "_");
        }

        /** openssl leaves out what the rest implies. */
        String openssl() {
            return name.substring("TLS_".length())
                    .replace("_WITH_", "_")
                    .replace("AES_", "AES")
                    .replace("_CBC", "")
                    .replace("POLY1305_SHA256", "POLY1305")
                    .replace('_', '-');
        }
    }
}
