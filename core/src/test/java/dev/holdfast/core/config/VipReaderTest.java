package dev.holdfast.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.Routing.Vip;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code vip}: what is right is taken, what is wrong is said with its place. */
class VipReaderTest {
    private static List<String> problems(Map<String, Object> vip) {
        ConfigTree root = ConfigTree.of(Map.of("vip", vip));
        VipReader.read(root);
        root.finish();
        return root.problems().stream().map(Problem::sentence).toList();
    }

    @Test
    void withoutASectionThereIsNoAddress() {
        assertThat(VipReader.read(ConfigTree.of(Map.of()))).isEmpty();
    }

    @Test
    void addressesOfBothFamiliesAreTaken() {
        ConfigTree root =
                ConfigTree.of(
                        Map.of(
                                "vip",
                                Map.of(
                                        "interface",
                                        "eth0.12",
                                        "writer",
                                        "10.0.0.100/24, fd00::100/64",
                                        "reader",
                                        List.of("10.0.0.101/32"),
                                        "maximum_lag",
                                        "1MB")));

        assertThat(VipReader.read(root))
                .isEqualTo(
                        Optional.of(
                                new Vip(
                                        "eth0.12",
                                        List.of("10.0.0.100/24", "fd00::100/64"),
                                        List.of("10.0.0.101/32"),
                                        1 << 20)));
        assertThat(root.problems()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.100",
                "10.0.0.256/24",
                "10.0.0.100/33",
                "10.0.0.100/0",
                "fd00::1/129",
                "fe80::1%eth0/64",
                "db1/24",
                "10.0.0.1/24,10.0.0.2/24,10.0.0.3/24",
                "10.0.0.1/24,"
            })
    void whatIsNoAddressWithBitsIsRefused(String address) {
        assertThat(problems(Map.of("interface", "eth0", "writer", address)))
                .singleElement()
                .asString()
                .startsWith("vip.writer: found \"" + address + "\", expected an address");
    }

    @Test
    void whatIsMissingOrContradictsIsSaid() {
        assertThat(problems(Map.of("writer", "10.0.0.100/24")))
                .singleElement()
                .asString()
                .startsWith("vip.interface: found nothing, expected the network interface");
        assertThat(problems(Map.of("interface", "eth0")))
                .singleElement()
                .asString()
                .startsWith("vip.writer: found nothing");
        assertThat(problems(Map.of("interface", "eth0 x", "writer", "10.0.0.100/24")))
                .singleElement()
                .asString()
                .startsWith("vip.interface: found \"eth0 x\"");
        assertThat(
                        problems(
                                Map.of(
                                        "interface",
                                        "eth0",
                                        "writer",
                                        "10.0.0.100/24",
                                        "reader",
                                        "10.0.0.100/24")))
                .singleElement()
                .asString()
                .startsWith("vip.reader: found the writers' address");
    }
}
