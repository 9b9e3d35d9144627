package dev.holdfast.tls;

import dev.holdfast.core.config.AgentConfig.Identity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An authority made for one test by openssl, and what it signs; all of it good for loopback, for a
 * day.
 */
public final class Certificates {
    private final Path directory;
    private final String authority;

    private Certificates(Path directory, String authority) {
        this.directory = directory;
        this.authority = authority;
    }

    /** A new authority in an existing directory. */
    public static Certificates in(Path directory, String authority) {
        Certificates made = new Certificates(directory, authority);
        made.openssl(
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/CN=" + authority,
                "-keyout",
                made.file(authority + ".key"),
                "-out",
                made.authority());
        return made;
    }

    /** The authority's own certificate. */
    public String authority() {
        return file(authority + ".crt");
    }

    /** A certificate with a new key, for servers on loopback and for clients. */
    public Identity issue(String name) {
        openssl(
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-subj",
                "/CN=" + name,
                "-keyout",
                file(name + ".key"),
                "-out",
                file(name + ".csr"));
        write(
                name + ".ext",
                "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n");
        openssl(
                "x509",
                "-req",
                "-in",
                file(name + ".csr"),
                "-CA",
                authority(),
                "-CAkey",
                file(authority + ".key"),
                "-CAcreateserial",
                "-days",
                "1",
                "-extfile",
                file(name + ".ext"),
                "-out",
                file(name + ".crt"));
        return new Identity(file(name + ".crt"), file(name + ".key"), Optional.empty());
    }

    /** The path of a file beside the others. */
    public String file(String name) {
        return directory.resolve(name).toString();
    }

    private void write(String name, String text) {
        try {
            Files.writeString(directory.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs openssl, which is to succeed. */
    public void openssl(String... arguments) {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(command + ": " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
