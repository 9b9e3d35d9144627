package dev.holdfast.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between a member's PostgreSQL and the other members: {@code postgresql.connect_address}
 * names its port. It passes every byte on at once, and remembers when which standby said how far it
 * has flushed.
 *
 * <p>By that the benchmark knows, and does not guess, whether a commit was acknowledged before a
 * standby had it: the primary can only have learned of a flush from a message that went through
 * here earlier.
 */
final class ReplicationRelay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicationRelay.class);
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int CONNECT_MILLIS = 1000;

    private final ServerSocket listener;
    private final Address target;
    private final Set<String> members;
    private final List<ConfirmedFlushes> flushes = new CopyOnWriteArrayList<>();

    /**
     * Listens at once, on the host on which it is made.
     *
     * @param target the server
     * @param members the standbys that count: a base backup replicates too, but is none
     */
    ReplicationRelay(Address address, Address target, Set<String> members) {
        try {
            this.listener =
                    new ServerSocket(address.port(), 64, InetAddress.getByName(address.host()));
        } catch (IOException e) {
            throw new UncheckedIOException(address + " cannot be listened on", e);
        }
        this.target = target;
        this.members = members;
        Thread _ = started("relay-" + target, this::accept);
    }

    /**
     * Not a virtual thread: these are run by threads that are on whichever host was the first to
     * need one.
     */
    private static Thread started(String name, Runnable work) {
        return Thread.ofPlatform().daemon().name(name).start(work);
    }

    int port() {
        return listener.getLocalPort();
    }

    /**
     * Whether, at {@code acknowledgedNanos}, some standby had confirmed that it has flushed past
     * the position, on a connection that was open after {@code sentNanos}: what an earlier term of
     * the same member confirmed says nothing.
     */
    boolean isConfirmed(long position, long sentNanos, long acknowledgedNanos) {
        return flushes.stream()
                .anyMatch(each -> each.isConfirmed(position, sentNanos, acknowledgedNanos));
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Thread _ = started("relayed-" + target, () -> serve(client));
            } catch (IOException e) {
                LOG.debug("relay {}: not accepted", target, e);
            }
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket server = new Socket()) {
            server.connect(new InetSocketAddress(target.host(), target.port()), CONNECT_MILLIS);
            server.setTcpNoDelay(true);
            client.setTcpNoDelay(true);
            Thread back = started("relayed-back-" + target, () -> copyBack(server, client));
            copyThere(client, server);
            server.shutdownOutput();
            back.join();
        } catch (IOException e) {
            // One side is gone: closing the other tells it.
            LOG.debug("relay {}: ended", target, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void copyBack(Socket server, Socket client) {
        try (server;
                client) {
            InputStream in = server.getInputStream();
            OutputStream out = client.getOutputStream();
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                out.write(buffer, 0, count);
            }
        } catch (IOException e) {
            LOG.debug("relay {}: ended", target, e);
        }
    }

    /**
     * Takes note first and passes on then, so that the note is never later than what the primary
     * does with it.
     */
    private void copyThere(Socket client, Socket server) throws IOException {
        InputStream in = client.getInputStream();
        OutputStream out = server.getOutputStream();
        ConfirmedFlushes confirmed = new ConfirmedFlushes();
        StandbyMessages messages = new StandbyMessages(confirmed::add);
        boolean counts = false;
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                messages.feed(buffer, count);
                if (!counts && messages.standby().filter(members::contains).isPresent()) {
                    counts = true;
                    flushes.add(confirmed);
                }
                out.write(buffer, 0, count);
            }
        } finally {
            confirmed.close();
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
