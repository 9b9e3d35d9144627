package dev.holdfast.agent.file;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** A host with programs that say they are PostgreSQL 15, and a configuration that fits it. */
final class ConfigOnHost {
    private static final List<String> PROGRAMS =
            List.of("postgres", "initdb", "pg_basebackup", "pg_rewind", "pg_controldata");

    final Path directory;
    final int restPort = freePort();
    final int postgresPort = freePort();

    ConfigOnHost(Path directory) throws IOException {
        this.directory = directory;
        Path programs = Files.createDirectory(directory.resolve("bin"));
        for (String name : PROGRAMS) {
            Path program = programs.resolve(name);
            Files.writeString(program, "#!/bin/sh\necho 'postgres (PostgreSQL) 15.3'\n");
            Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    String yaml() {
        return """
        scope: demo
        name: pg1
        restapi:
          listen: 127.0.0.1:%d
        etcd3:
          hosts: 127.0.0.1:2379
        bootstrap:
          dcs:
            ttl: 10
        postgresql:
          listen: 127.0.0.1:%d
          data_dir: %s
          bin_dir: %s
          authentication:
            superuser: {username: postgres, password: hush}
            replication: {username: replicator, password: hush}
        """
                .formatted(
                        restPort,
                        postgresPort,
                        directory.resolve("data"),
                        directory.resolve("bin"));
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
