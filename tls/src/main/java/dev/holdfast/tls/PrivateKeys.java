package dev.holdfast.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * Private keys out of PEM text. The JDK reads PKCS#8 only; what openssl's older commands and cfssl
 * write, a bare RSA or EC key, is put into that form here.
 */
final class PrivateKeys {
    private static final Pattern BLOCK =
            Pattern.compile(
                    "-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----(.*?)-----END \\1-----",
                    Pattern.DOTALL);

    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int PARAMETERS = 0xA0;

    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};

    /** The object identifier rsaEncryption, and the null that goes with it. */
    private static final byte[] RSA = {
        0x06,
        0x09,
        0x2A,
        (byte) 0x86,
        0x48,
        (byte) 0x86,
        (byte) 0xF7,
        0x0D,
        0x01,
        0x01,
        0x01,
        0x05,
        0x00
    };

    /** The object identifier id-ecPublicKey; that of the curve comes after it. */
    private static final byte[] EC = {
        0x06, 0x07, 0x2A, (byte) 0x86, 0x48, (byte) 0xCE, 0x3D, 0x02, 0x01
    };

    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private PrivateKeys() {}

    /**
     * The first key of a file.
     *
     * @param file for the sentence when there is none
     */
    static PrivateKey first(String pem, String file, Optional<String> password) {
        Matcher found = BLOCK.matcher(pem);
        if (!found.find()) {
            throw new TlsException(file + " holds no private key in PEM");
        }
        String body = found.group(2);
        if (body.contains("Proc-Type:")) {
            throw new TlsException(
                    "the key in "
                            + file
                            + " is encrypted in openssl's old form, which is not read; convert it"
                            + " (openssl pkcs8 -topk8 -in OLD -out NEW)");
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(body);
            return switch (found.group(1)) {
                case "RSA PRIVATE KEY" -> pkcs8(wrapped(RSA, der));
                case "EC PRIVATE KEY" -> pkcs8(wrapped(concat(EC, curve(der)), der));
                case "ENCRYPTED PRIVATE KEY" -> decrypted(der, file, password);
                case String _ -> pkcs8(der);
            };
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw new TlsException(
                    "the private key in " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static PrivateKey decrypted(byte[] der, String file, Optional<String> password)
            throws GeneralSecurityException, IOException {
        if (password.isEmpty()) {
            throw new TlsException(
                    "the key in " + file + " is encrypted, and no password for it is configured");
        }
        EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(der);
        // PBES2 is a frame; which cipher it is, its parameters say.
        String cipher =
                encrypted.getAlgName().equals("PBES2")
                        ? encrypted.getAlgParameters().toString()
                        : encrypted.getAlgName();
        try {
            return pkcs8(
                    encrypted
                            .getKeySpec(
                                    SecretKeyFactory.getInstance(cipher)
                                            .generateSecret(
                                                    new PBEKeySpec(password.get().toCharArray())))
                            .getEncoded());
        } catch (InvalidKeySpecException | InvalidKeyException e) {
            throw new TlsException(
                    "the password that is configured does not decrypt the key in " + file, e);
        }
    }

    private static PrivateKey pkcs8(byte[] der) throws GeneralSecurityException {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der);
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException _) {
                // It is of another kind.
            }
        }
        throw new GeneralSecurityException("it is neither RSA, EC nor EdDSA");
    }

    private static byte[] wrapped(byte[] algorithm, byte[] key) {
        return element(
                SEQUENCE, concat(VERSION_0, element(SEQUENCE, algorithm), element(OCTETS, key)));
    }

    /** The curve's object identifier, which a bare EC key carries as its parameters. */
    private static byte[] curve(byte[] der) throws IOException {
        int at = contentOf(der, 0);
        while (at < der.length) {
            int content = contentOf(der, at);
            int length = lengthOf(der, at);
            if ((der[at] & 0xFF) == PARAMETERS) {
                byte[] parameters = new byte[length];
                System.arraycopy(der, content, parameters, 0, length);
                return parameters;
            }
            at = content + length;
        }
        throw new IOException("it does not name its curve");
    }

    private static int contentOf(byte[] der, int at) throws IOException {
        return at + 2 + lengthBytes(der, at);
    }

    private static int lengthOf(byte[] der, int at) throws IOException {
        int more = lengthBytes(der, at);
        int length = more == 0 ? der[at + 1] & 0xFF : 0;
        for (int i = 0; i < more; i++) {
            length = (length << 8) | (der[at + 2 + i] & 0xFF);
        }
        if (length < 0 || at + 2 + more + length > der.length) {
            throw new IOException("it ends too early");
        }
        return length;
    }

    /** How many bytes the length takes besides the first. */
    private static int lengthBytes(byte[] der, int at) throws IOException {
        if (at + 1 >= der.length) {
            throw new IOException("it ends too early");
        }
        int first = der[at + 1] & 0xFF;
        int more = first < 0x80 ? 0 : first & 0x7F;
        if (more > 3 || at + 2 + more > der.length) {
            throw new IOException("it ends too early");
        }
        return more;
    }

    private static byte[] element(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            int bytes = content.length < 0x100 ? 1 : content.length < 0x10000 ? 2 : 3;
            out.write(0x80 | bytes);
            for (int i = bytes - 1; i >= 0; i--) {
                out.write(content.length >> (8 * i));
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
