package dev.holdfast.tls;

import dev.holdfast.core.config.AgentConfig.Identity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** Reads PEM files. Every call reads them anew, which is how renewed certificates come in. */
public final class TlsFiles {
    private static final char[] NO_PASSWORD = {};

    private TlsFiles() {}

    /**
     * Who we are.
     *
     * @throws TlsException when the files cannot be read, or do not belong together
     */
    public static X509ExtendedKeyManager identity(Identity identity) {
        List<Certificate> chain = certificates(Path.of(identity.certfile()));
        PrivateKey key =
                PrivateKeys.first(
                        text(Path.of(identity.keyfile())),
                        identity.keyfile(),
                        identity.keyPassword());
        try {
            if (!belongsTo(chain.getFirst().getPublicKey(), key)) {
                throw new TlsException(
                        "the key in "
                                + identity.keyfile()
                                + " does not belong to the first certificate in "
                                + identity.certfile());
            }
            KeyStore store = empty();
            store.setKeyEntry("identity", key, NO_PASSWORD, chain.toArray(Certificate[]::new));
            KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
            factory.init(store, NO_PASSWORD);
            return Stream.of(factory.getKeyManagers())
                    .filter(X509ExtendedKeyManager.class::isInstance)
                    .map(X509ExtendedKeyManager.class::cast)
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("the JDK has no key manager"));
        } catch (GeneralSecurityException e) {
            throw new TlsException(
                    "the certificate in " + identity.certfile() + " cannot be used: " + e, e);
        }
    }

    /**
     * What kind of key a file holds: {@code RSA}, {@code EC}, ...
     *
     * @throws TlsException when it cannot be read
     */
    public static String keyAlgorithm(String keyfile, Optional<String> password) {
        return PrivateKeys.first(text(Path.of(keyfile)), keyfile, password).getAlgorithm();
    }

    /**
     * Whom we believe: who shows a certificate of one of these authorities.
     *
     * @param path a file with certificates, or a directory of such files
     * @throws TlsException when there is none
     */
    public static X509ExtendedTrustManager authorities(String path) {
        List<Certificate> authorities = new ArrayList<>();
        files(Path.of(path)).forEach(file -> authorities.addAll(certificates(file)));
        try {
            KeyStore store = empty();
            for (int i = 0; i < authorities.size(); i++) {
                store.setCertificateEntry("authority-" + i, authorities.get(i));
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(store);
            return Stream.of(factory.getTrustManagers())
                    .filter(X509ExtendedTrustManager.class::isInstance)
                    .map(X509ExtendedTrustManager.class::cast)
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("the JDK has no trust manager"));
        } catch (GeneralSecurityException e) {
            throw new TlsException("the certificates in " + path + " cannot be used: " + e, e);
        }
    }

    private static List<Path> files(Path path) {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> all = Files.list(path)) {
            List<Path> found =
                    all.filter(Files::isRegularFile)
                            .filter(file -> text(file).contains("-----BEGIN CERTIFICATE-----"))
                            .sorted()
                            .toList();
            if (found.isEmpty()) {
                throw new TlsException("no file in " + path + " holds a certificate in PEM");
            }
            return found;
        } catch (IOException e) {
            throw new TlsException("the directory " + path + " cannot be read: " + e, e);
        }
    }

    private static List<Certificate> certificates(Path file) {
        // A key may be in the same file, and the JDK would stumble over it.
        StringBuilder only = new StringBuilder();
        Optional<StringBuilder> within = Optional.empty();
        for (String line : text(file).lines().toList()) {
            if (line.equals("-----BEGIN CERTIFICATE-----")) {
                within = Optional.of(only);
            }
            within.ifPresent(to -> to.append(line).append('\n'));
            if (line.equals("-----END CERTIFICATE-----")) {
                within = Optional.empty();
            }
        }
        try {
            List<Certificate> found =
                    List.copyOf(
                            CertificateFactory.getInstance("X.509")
                                    .generateCertificates(
                                            new ByteArrayInputStream(
                                                    only.toString()
                                                            .getBytes(StandardCharsets.US_ASCII))));
            if (found.isEmpty()) {
                throw new TlsException(file + " holds no certificate in PEM");
            }
            return found;
        } catch (CertificateException e) {
            throw new TlsException(
                    "the certificate in " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static boolean belongsTo(PublicKey certified, PrivateKey key)
            throws GeneralSecurityException {
        Optional<String> algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> Optional.of("SHA256withRSA");
                    case "EC" -> Optional.of("SHA256withECDSA");
                    case "EdDSA" -> Optional.of("EdDSA");
                    case String _ -> Optional.empty();
                };
        if (algorithm.isEmpty() || !certified.getAlgorithm().equals(key.getAlgorithm())) {
            return certified.getAlgorithm().equals(key.getAlgorithm());
        }
        byte[] probe = "Holdfast".getBytes(StandardCharsets.US_ASCII);
        Signature signing = Signature.getInstance(algorithm.get());
        signing.initSign(key);
        signing.update(probe);
        byte[] signed = signing.sign();
        Signature verifying = Signature.getInstance(algorithm.get());
        verifying.initVerify(certified);
        verifying.update(probe);
        return verifying.verify(signed);
    }

    private static KeyStore empty() throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(null, NO_PASSWORD);
        } catch (IOException e) {
            throw new IllegalStateException("an empty store could not be made", e);
        }
        return store;
    }

    private static String text(Path file) {
        try {
            // What is not ASCII is a comment.
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new TlsException("there is no file " + file, e);
        } catch (AccessDeniedException e) {
            throw new TlsException("the file " + file + " may not be read by this user", e);
        } catch (IOException e) {
            throw new TlsException("the file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }
}
