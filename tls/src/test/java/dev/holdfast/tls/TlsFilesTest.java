package dev.holdfast.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.config.AgentConfig.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Keys and certificates are read in every form in which operators have them, or refused by name.
 */
class TlsFilesTest {
    @TempDir Path directory;

    private Certificates certificates;
    private Identity identity;

    @BeforeEach
    void issue() {
        certificates = Certificates.in(directory, "authority");
        identity = certificates.issue("member");
    }

    /** Each is what openssl, at some time or by some option, makes of a key. */
    @ParameterizedTest
    @CsvSource({
        "ec -in %s -out %s",
        "pkcs8 -topk8 -nocrypt -in %s -out %s",
        "pkcs8 -topk8 -passout pass:secret -in %s -out %s",
        "pkcs8 -topk8 -v2 aes128 -passout pass:secret -in %s -out %s",
    })
    void aKeyIsReadInEveryForm(String conversion) {
        String key = certificates.file("converted.key");
        certificates.openssl(conversion.formatted(identity.keyfile(), key).split(" "));

        assertReads(new Identity(identity.certfile(), key, Optional.of("secret")));
    }

    @Test
    void aBareRsaKeyIsReadToo() {
        String key = certificates.file("rsa.key");
        String certificate = certificates.file("rsa.crt");
        certificates.openssl("genrsa", "-traditional", "-out", key, "2048");
        certificates.openssl(
                "req", "-x509", "-key", key, "-days", "1", "-subj", "/CN=rsa", "-out", certificate);

        assertThat(TlsFiles.identity(new Identity(certificate, key, Optional.empty()))).isNotNull();
    }

    @Test
    void certificateAndKeyMayBeInOneFile() throws IOException {
        Path both = directory.resolve("both.pem");
        Files.writeString(
                both,
                Files.readString(Path.of(identity.keyfile()))
                        + Files.readString(Path.of(identity.certfile())));

        assertReads(new Identity(both.toString(), both.toString(), Optional.empty()));
    }

    private static void assertReads(Identity identity) {
        X509ExtendedKeyManager keys = TlsFiles.identity(identity);
        String alias = keys.chooseEngineServerAlias("EC", null, null);
        assertThat(keys.getCertificateChain(alias)).hasSize(1);
        assertThat(keys.getPrivateKey(alias).getAlgorithm()).isEqualTo("EC");
    }

    @Test
    void anAuthorityVouchesForItsOwnOnlyAndMayBeADirectory() throws Exception {
        Path authorities = Files.createDirectory(directory.resolve("authorities"));
        Files.copy(Path.of(certificates.authority()), authorities.resolve("one.pem"));
        Files.writeString(authorities.resolve("README"), "not a certificate");
        X509Certificate[] known = chain(identity);
        X509Certificate[] stranger = chain(Certificates.in(directory, "another").issue("stranger"));

        var trust = TlsFiles.authorities(authorities.toString());

        trust.checkServerTrusted(known, "ECDHE_ECDSA");
        assertThatThrownBy(() -> trust.checkServerTrusted(stranger, "ECDHE_ECDSA"))
                .isInstanceOf(CertificateException.class);
    }

    private static X509Certificate[] chain(Identity identity) {
        X509ExtendedKeyManager keys = TlsFiles.identity(identity);
        return keys.getCertificateChain(keys.chooseEngineServerAlias("EC", null, null));
    }

    @Test
    void whatCannotBeUsedIsSaidInOneSentence() throws IOException {
        String encrypted = certificates.file("encrypted.key");
        certificates.openssl(
                "pkcs8",
                "-topk8",
                "-passout",
                "pass:secret",
                "-in",
                identity.keyfile(),
                "-out",
                encrypted);
        Path empty = Files.writeString(directory.resolve("empty.pem"), "nothing\n");
        Identity other = certificates.issue("other");

        assertRefused(identity.certfile(), "/nowhere/key", "", "there is no file /nowhere/key");
        assertRefused(identity.certfile(), encrypted, "", "is encrypted, and no password");
        assertRefused(identity.certfile(), encrypted, "wrong", "does not decrypt");
        assertRefused(identity.certfile(), empty.toString(), "", "holds no private key in PEM");
        assertRefused(empty.toString(), identity.keyfile(), "", "holds no certificate in PEM");
        assertRefused(identity.certfile(), other.keyfile(), "", "does not belong to the first");
        assertThatThrownBy(() -> TlsFiles.authorities(empty.toString()))
                .hasMessageContaining("holds no certificate in PEM");
    }

    private static void assertRefused(
            String certfile, String keyfile, String password, String sentence) {
        Identity wrong =
                new Identity(
                        certfile, keyfile, Optional.of(password).filter(text -> !text.isEmpty()));
        assertThatThrownBy(() -> TlsFiles.identity(wrong))
                .isInstanceOf(TlsException.class)
                .hasMessageContaining(sentence);
    }
}
