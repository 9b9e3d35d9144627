package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.ctl.ClusterFixture.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code generate} writes for a cluster as etcd shows it; {@code HaproxyToldIT} runs it. */
class GenerateTest {
    private final ClusterFixture cluster = new ClusterFixture();

    @TempDir Path directory;

    @AfterEach
    void close() {
        cluster.close();
    }

    private void member(String name, String host, String apiUrl, String tags) {
        cluster.put(
                "members/" + name,
                "{\"conn_url\":\"postgres://%s:5432/postgres\",\"api_url\":\"%s\",\"state\":\"running\",\"role\":\"replica\",\"version\":\"0.1.0\",\"timeline\":1,\"tags\":{%s}}"
                        .formatted(host, apiUrl, tags));
    }

    private void three() {
        member("pg1", "10.0.0.1", "http://10.0.0.1:8008/patroni", "");
        member("pg2", "10.0.0.2", "http://10.0.9.2:8008/patroni", "\"weight\":2");
        member("pg3", "db3.example", "http://db3.example:8009/patroni", "");
    }

    @Test
    void eachMemberIsAServerOfBothBackends() {
        three();

        String text = cluster.run("generate", "haproxy", "demo", "--max-lag", "16MB").out();

        assertThat(text)
                .contains("bind *:5000\n", "bind *:5001\n", "uri /primary\n")
                .contains("uri /replica?lag=16MB\n", "on-marked-down shutdown-sessions")
                .doesNotContain("stats socket");
        assertThat(text.lines().filter(line -> line.startsWith("    server ")))
                .containsExactly(
                        "    server pg1 10.0.0.1:5432 check port 8008",
                        "    server pg2 10.0.0.2:5432 check addr 10.0.9.2 port 8008",
                        "    server pg3 db3.example:5432 check port 8009 init-addr last,libc,none",
                        "    server pg1 10.0.0.1:5432 check port 8008",
                        "    server pg2 10.0.0.2:5432 check addr 10.0.9.2 port 8008 weight 2",
                        "    server pg3 db3.example:5432 check port 8009 init-addr last,libc,none");
    }

    @Test
    void whereAgentsTellIsSaidOnWish() {
        three();

        assertThat(cluster.run("generate", "haproxy", "demo", "--runtime", "10.0.0.9:9999").out())
                .contains("    stats socket 10.0.0.9:9999 level admin\n");
        assertThat(cluster.run("generate", "haproxy", "demo", "--runtime", "/run/h.sock").out())
                .contains("    stats socket /run/h.sock mode 660 level admin\n");
    }

    @Test
    void membersThatSpeakTlsAreAskedOverItAndOnlyByWhoKnowsWhomToTrust() throws IOException {
        member("pg1", "10.0.0.1", "https://db1.example:8008/patroni", "");

        assertThat(cluster.run("generate", "haproxy", "demo").err())
                .contains("speak TLS, and it is not known whose certificates to trust");
        assertThat(
                        cluster.run(
                                        "generate",
                                        "haproxy",
                                        "demo",
                                        "--cafile",
                                        "/etc/ca.pem",
                                        "--certfile",
                                        "/etc/lb.pem")
                                .out())
                .contains(
                        " check-ssl verify required ca-file /etc/ca.pem verifyhost db1.example check-sni db1.example crt /etc/lb.pem\n");
        assertThat(cluster.run("-k", "generate", "haproxy", "demo").out())
                .contains(" check-ssl verify none\n");
        Path file =
                Files.writeString(
                        directory.resolve("ctl.yml"),
                        "scope: demo\netcd3:\n  hosts: store.example:2379\nctl:\n  cacert: /own/ca.pem\n");
        assertThat(
                        cluster.runWith(
                                        Map.of(),
                                        directory,
                                        "-c",
                                        file.toString(),
                                        "generate",
                                        "keepalived",
                                        "--member",
                                        "pg1",
                                        "--interface",
                                        "eth0",
                                        "--writer-address",
                                        "10.0.0.100/24")
                                .out())
                .contains(" --cacert /own/ca.pem https://db1.example:8008/primary\"");
    }

    @Test
    void aHostsAddressFollowsWhatItsOwnAgentSays() {
        member("pg1", "10.0.0.1", "http://10.0.0.1:8008/patroni", "");
        member("pg2", "10.0.0.2", "http://10.0.0.2:8008/patroni", "");

        String text = keepalived("--member pg2 --writer-address 10.0.0.100/24").out();

        assertThat(text)
                .contains(" http://10.0.0.2:8008/primary\"\n", "init_fail", "nopreempt")
                .contains("unicast_src_ip 10.0.0.2\n    unicast_peer {\n        10.0.0.1\n    }\n")
                .contains("virtual_ipaddress {\n        10.0.0.100/24\n    }\n")
                .contains("track_script {\n        primary\n    }\n")
                .doesNotContain("reader");
        assertThat(keepalived("--member pg2 --reader-address fd00::9/64 --multicast").out())
                .contains("http://10.0.0.2:8008/replica\"\n", "virtual_router_id 52\n")
                .doesNotContain("unicast", "writer");
    }

    @Test
    void aDirectorAsksAllMembers() {
        three();
        member("pg3", "10.0.0.3", "https://10.0.0.3:8008/patroni", "");

        String text =
                cluster.run(
                                "-k generate keepalived demo --interface eth0 --lvs DR --reader-address 10.0.0.101/24 --max-lag 1MB"
                                        .split(" "))
                        .out();

        assertThat(text)
                .contains("virtual_server 10.0.0.101 5432 {\n", "lb_algo wrr\n", "lb_kind DR\n")
                .contains("real_server 10.0.0.2 5432 {\n        weight 2\n        HTTP_GET {\n")
                .contains("connect_ip 10.0.9.2\n", "path /replica?lag=1MB\n")
                .contains("real_server 10.0.0.3 5432 {\n        weight 1\n        SSL_GET {\n")
                .doesNotContain("track_script");
    }

    private Result keepalived(String arguments) {
        return cluster.run(("generate keepalived demo --interface eth0 " + arguments).split(" "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--member pg1 | there is no address to route to",
                "--writer-address 10.0.0.100/24 | it was not said for which host",
                "--writer-address 10.0.0.100 --member pg1 | is not ADDRESS/BITS",
                "--writer-address 10.0.0.100/24 --member pg9 | has no member \"pg9\"; its members are: pg1, pg2, pg3.",
                "--writer-address 10.0.0.100/24 --member pg1 --router-id 255 | --router-id 255 is none",
                "--writer-address 10.0.0.100/24 --member pg1 --lvs NAT | goes with a database host",
                "--reader-address 10.0.0.100/24 --member pg1 --max-lag much | --max-lag much is no size",
            })
    void whatCannotBeWrittenIsSaid(String arguments, String sentence) {
        three();

        Result result = keepalived(arguments);

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).startsWith("Error: ").contains(sentence);
        assertThat(result.out()).isEmpty();
    }

    @Test
    void withoutAMemberThereIsNobodyToRouteTo() {
        assertThat(cluster.run("generate", "haproxy", "demo").err())
                .contains("no member of cluster \"demo\" is registered in etcd now");
        member("pg1", "10.0.0.1", "http://10.0.0.1:8008/patroni", "\"weight\":\"heavy\"");
        assertThat(cluster.run("generate", "haproxy", "demo").err())
                .contains("the tag weight of member pg1 is \"heavy\"");
        assertThat(cluster.run("generate").err())
                .contains("it was not said for what: haproxy or keepalived is expected");
    }
}
