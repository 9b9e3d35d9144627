package dev.holdfast.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/**
 * An address of the loopback interface that only this JVM's servers have. A port that is free on it
 * is taken by no other JVM that tests beside this one, nor by an outgoing connection, which comes
 * from 127.0.0.1.
 */
public final class OwnAddress {
    /**
     * Surefire and Failsafe number their JVMs from 1 on; who runs a test by hand is none of them.
     */
    public static final String HOST = "127.0.0." + (2 + Integer.getInteger("holdfast.fork", 0));

    private OwnAddress() {}

    /** A port that nobody listens on there. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral(HOST))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
