package dev.holdfast.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.Routing.StatsSocket;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code haproxy}: what is right is taken, what is wrong is said with its place. */
class RoutingReaderTest {
    private static ConfigTree tree(String name, Map<String, Object> haproxy) {
        return ConfigTree.of(Map.of("name", name, "haproxy", haproxy));
    }

    private static List<String> problems(String name, Map<String, Object> haproxy) {
        ConfigTree root = tree(name, haproxy);
        RoutingReader.read(root);
        return root.problems().stream().map(Problem::sentence).toList();
    }

    @Test
    void withoutASectionNobodyIsTold() {
        assertThat(RoutingReader.read(ConfigTree.of(Map.of()))).isEqualTo(Routing.none());
    }

    @Test
    void socketsAndAddressesAreTold() {
        Map<String, Object> haproxy =
                Map.of("runtime", List.of("/run/haproxy.sock", "lb1:9999", "[2001:db8::1]:9999"));

        assertThat(RoutingReader.read(tree("pg1", haproxy)).haproxy().runtime())
                .containsExactly(
                        new StatsSocket.Local("/run/haproxy.sock"),
                        new StatsSocket.Remote(new HostPort("lb1", 9999)),
                        new StatsSocket.Remote(new HostPort("2001:db8::1", 9999)));
    }

    @Test
    void textWithCommasIsAListToo() {
        assertThat(
                        RoutingReader.read(tree("pg1", Map.of("runtime", "lb1:9999, lb2:9999")))
                                .haproxy()
                                .runtime())
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lb1", "lb1:0", "*:9999", "run/haproxy.sock", "lb1:9999,,lb2:9999"})
    void anAddressWithoutHostOrPortIsRefused(String runtime) {
        assertThat(problems("pg1", Map.of("runtime", runtime)))
                .singleElement()
                .asString()
                .startsWith(
                        "haproxy.runtime: found \"" + runtime + "\", expected a list of HAProxy");
    }

    /** What stands in a command to HAProxy could be another command. */
    @Test
    void namesThatHaproxyWouldReadAsSomethingElseAreRefused() {
        assertThat(problems("pg1", Map.of("backend", "a; shutdown sessions")))
                .singleElement()
                .asString()
                .startsWith("haproxy.backend: found");
        assertThat(problems("pg 1", Map.of("runtime", "lb1:9999")))
                .singleElement()
                .asString()
                .contains("a member whose name HAProxy takes for a server");
    }
}
