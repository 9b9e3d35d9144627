package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Who runs everything. PostgreSQL refuses to run as root, so root runs it as {@code postgres};
 * anybody else runs it as himself.
 */
record Account(List<String> prefix, Optional<UserPrincipal> owner) implements Runner {

    static Account found() {
        if (!"root".equals(System.getProperty("user.name"))) {
            return unchanged();
        }
        try {
            UserPrincipal postgres =
                    Path.of("/")
                            .getFileSystem()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByName("postgres");
            return new Account(
                    List.of(
                            Programs.named("setpriv").toString(),
                            "--reuid=postgres",
                            "--regid=postgres",
                            "--clear-groups",
                            "--"),
                    Optional.of(postgres));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "this is root, PostgreSQL refuses root, and there is no user postgres to run it as",
                    e);
        }
    }

    /** Who runs the harness. */
    static Account unchanged() {
        return new Account(List.of(), Optional.empty());
    }

    /** The same, behind a command that runs the rest of its line elsewhere. */
    Account behind(List<String> command) {
        List<String> all = new ArrayList<>(command);
        all.addAll(prefix);
        return new Account(List.copyOf(all), owner);
    }

    /** The same, allowed to change the addresses of the network that it is on, and to speak ARP. */
    Account withNetwork() {
        int end = prefix.indexOf("--");
        if (end < 0) {
            return this;
        }
        List<String> all = new ArrayList<>(prefix.subList(0, end));
        all.add("--inh-caps=+net_admin,+net_raw");
        all.add("--ambient-caps=+net_admin,+net_raw");
        all.addAll(prefix.subList(end, prefix.size()));
        return new Account(List.copyOf(all), owner);
    }

    @Override
    public Child start(Path log, List<String> command) {
        return OwnChild.start(prefix, log, command);
    }

    @Override
    public Finished run(List<String> command) {
        return Finished.run(this, command);
    }

    @Override
    public void own(Path path) {
        if (owner.isEmpty()) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.toList()) {
                Files.setOwner(each, owner.get());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
