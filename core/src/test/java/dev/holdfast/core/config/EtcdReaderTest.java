package dev.holdfast.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.Identity;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EtcdReaderTest {
    private static AgentConfig.Etcd etcd(String yaml) {
        ConfigTree root = ConfigTree.of(Yaml.tree(yaml));
        AgentConfig.Etcd etcd = EtcdReader.read(root);
        root.finish();
        assertThat(Yaml.sentences(root.problems())).isEmpty();
        return etcd;
    }

    private static List<String> sentences(String yaml) {
        ConfigTree root = ConfigTree.of(Yaml.tree(yaml));
        EtcdReader.read(root);
        root.finish();
        return Yaml.sentences(root.problems());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "etcd3: {host: 'a:1'} | http://a:1",
                "etcd: {host: a} | http://a:2379",
                "etcd3: {hosts: 'a:1, b:2,'} | http://a:1 http://b:2",
                "etcd3: {hosts: [a, '[::1]:2'], use_proxies: true} | http://a:2379 http://[::1]:2",
                "etcd3: {url: 'http://a:1/', protocol: http} | http://a:1",
                "etcd3: {hosts: ['http://a:1', 'a:1']} | http://a:1",
                "etcd3: {hosts: 'a:1, http://b', protocol: HTTPS} | https://a:1 http://b:2379",
                "etcd3: {url: 'https://a:1'} | https://a:1",
                "etcd: {proxy: 'http://a:1'} | http://a:1"
            })
    void endpointsAreReadInEveryFormThatPatroniTakes(String yaml, String endpoints) {
        assertThat(String.join(" ", etcd(yaml).endpoints())).isEqualTo(endpoints);
    }

    @Test
    void credentialsComeFromTheirKeysOrFromTheUrl() {
        assertThat(etcd("etcd3: {url: 'http://u:p@a:1'}").credentials())
                .contains(new Credentials("u", "p"));
        assertThat(etcd("etcd3: {url: 'http://u:p@a:1', username: v, password: q}").credentials())
                .contains(new Credentials("v", "q"));
        assertThat(etcd("etcd3: {host: a}").credentials()).isEmpty();
    }

    @Test
    void certificatesAreForHttpsOnly() {
        assertThat(
                        etcd("etcd3: {host: a, protocol: https, cacert: /ca, cert: /c, key: /k, key_password: p}")
                                .tls())
                .isEqualTo(
                        new ClientTls(
                                Optional.of("/ca"),
                                Optional.of(new Identity("/c", "/k", Optional.of("p"))),
                                ClientTls.Verification.VERIFIED));
        assertThat(sentences("etcd3: {host: a, cert: /c, cacert: ''}"))
                .containsExactly(
                        "ERROR etcd3.protocol: found http, expected https (or https:// in the address), because there are certificates"
                                + " for it.");
        assertThat(sentences("etcd3: {host: a, protocol: https, key: /k}"))
                .containsExactly(
                        "ERROR etcd3.cert: found nothing, expected the certificate that the key belongs to.");
    }

    @Test
    void theDnsMaySayWhereEtcdIs() {
        AgentConfig.Etcd etcd = etcd("etcd: {srv: example.org, srv_suffix: foo, protocol: https}");
        assertThat(etcd.endpoints()).isEmpty();
        assertThat(etcd.srv())
                .contains(new AgentConfig.Srv("example.org", Optional.of("foo"), "https"));
        assertThat(sentences("etcd: {srv: 'ex ample', srv_suffix: a/b}"))
                .containsExactly(
                        "ERROR etcd.srv: found \"ex ample\", expected a domain whose SRV records name the servers.",
                        "ERROR etcd.srv_suffix: found \"a/b\", expected the end of a service's name.");
        assertThat(sentences("etcd: {srv: example.org, host: a}"))
                .containsExactly(
                        "WARNING etcd.srv: found \"example.org\", which is ignored, because an address of etcd is there too.");
    }

    @Test
    void wrongAndMissingAddressesAreSaid() {
        assertThat(sentences("etcd3: {hosts: [a:b, 'https://u:p@c:x', '*:1'], frob: 1}"))
                .containsExactly(
                        "ERROR etcd3.hosts: found \"a:b\", expected http://host:port, https://host:port, or host:port.",
                        "ERROR etcd3.hosts: found \"https://***@c:x\", expected http://host:port, https://host:port, or host:port.",
                        "ERROR etcd3.hosts: found \"*:1\", expected http://host:port, https://host:port, or host:port.",
                        "WARNING etcd3.frob: found a key that Holdfast does not know, which is ignored.");
        assertThat(sentences("etcd3: {hosts: []}"))
                .containsExactly(
                        "ERROR etcd3.hosts: found an empty list, expected at least one host:port.");
        assertThat(sentences("etcd3: {host: a, password: p}"))
                .containsExactly(
                        "ERROR etcd3.username: found nothing, expected the user to whom the password belongs.");
    }

    @Test
    void whatContradictsIsNamed() {
        assertThat(sentences("{etcd3: {hosts: a, host: b}, etcd: {host: c}}"))
                .containsExactly(
                        "WARNING etcd: found a second section for etcd, which is ignored, because etcd3 is there too.",
                        "WARNING etcd3.host: found \"b\", which is ignored, because another address of etcd is there too.");
    }
}
