package dev.holdfast.agent.postgres;

import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.postgres.Server;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Opens a connection just far enough to get a first answer. The postmaster has then accepted and
 * forked, and the new process has read the rules; that it can run queries the kept session shows.
 * It ends where a password is asked for, which the server takes for a client that went to ask its
 * user, and does not log. A whole session costs twenty times as much, for the password's sake.
 */
final class Knock {
    private static final int PATIENCE_MILLIS = 2000;
    private static final int PROTOCOL_3_0 = 3 << 16;

    private final HostPort address;
    private final byte[] startup;

    Knock(HostPort address, String user) {
        this.address = address;
        this.startup = startup(user);
    }

    /** Empty when there was an answer, whatever it said. */
    Optional<Server.Silent> silence() {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(address.host(), address.port()), PATIENCE_MILLIS);
            socket.getOutputStream().write(startup);
            return socket.getInputStream().read() >= 0
                    ? Optional.empty()
                    : Optional.of(
                            new Server.Silent(
                                    "PostgreSQL at "
                                            + address
                                            + " closed the connection without a word"));
        } catch (IOException e) {
            return Optional.of(
                    new Server.Silent(
                            "PostgreSQL at " + address + " does not answer: " + e.getMessage()));
        }
    }

    private static byte[] startup(String user) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (String word :
                new String[] {
                    "user", user, "database", "postgres", "application_name", "Holdfast"
                }) {
            body.writeBytes(word.getBytes(StandardCharsets.UTF_8));
            body.write(0);
        }
        body.write(0);
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        try (DataOutputStream data = new DataOutputStream(packet)) {
            data.writeInt(2 * Integer.BYTES + body.size());
            data.writeInt(PROTOCOL_3_0);
            body.writeTo(data);
        } catch (IOException e) {
            throw new IllegalStateException("an array took no bytes", e);
        }
        return packet.toByteArray();
    }
}
