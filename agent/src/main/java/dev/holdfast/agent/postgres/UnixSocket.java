package dev.holdfast.agent.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * A Unix socket in the shape in which the driver wants one; the JDK has only channels. It connects
 * to its path, whatever address it is given, and keeps to the time-outs of a socket.
 */
final class UnixSocket extends Socket {
    private final Path path;
    private volatile Optional<Open> open = Optional.empty();
    private volatile boolean closed;
    private volatile int readMillis;

    /** A connection, and what waits for it. */
    private record Open(SocketChannel channel, Selector readable, Selector writable) {}

    UnixSocket(Path path) {
        this.path = path;
    }

    @Override
    public void connect(SocketAddress ignored) throws IOException {
        connect(ignored, 0);
    }

    @Override
    public void connect(SocketAddress ignored, int timeoutMillis) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            connect(channel, timeoutMillis);
            channel.configureBlocking(false);
            Selector readable = Selector.open();
            channel.register(readable, SelectionKey.OP_READ);
            Selector writable = Selector.open();
            channel.register(writable, SelectionKey.OP_WRITE);
            open = Optional.of(new Open(channel, readable, writable));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Waits where the server has not accepted those before, as one that is stopped does: on a
     * thread of its own, since only its end, or that of the channel, ends that.
     */
    private void connect(SocketChannel channel, int timeoutMillis) throws IOException {
        CompletableFuture<Optional<IOException>> done = new CompletableFuture<>();
        Thread.ofPlatform()
                .daemon()
                .name("holdfast-connect")
                .start(() -> {
                    try {
                        channel.connect(UnixDomainSocketAddress.of(path));
                        done.complete(Optional.empty());
                    } catch (IOException | RuntimeException e) {
                        done.complete(
                                Optional.of(e instanceof IOException io ? io : new IOException(e)));
                    }
                });
        IOException late = new SocketTimeoutException("no connection to " + path + " in time");
        Optional<IOException> failure =
                timeoutMillis == 0
                        ? await(done)
                        : await(
                                done.completeOnTimeout(
                                        Optional.of(late), timeoutMillis, TimeUnit.MILLISECONDS));
        if (failure.isPresent()) {
            throw failure.get();
        }
    }

    private static Optional<IOException> await(CompletableFuture<Optional<IOException>> done)
            throws SocketException {
        try {
            return done.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SocketException("interrupted");
        } catch (ExecutionException e) {
            throw new CompletionException(e.getCause());
        }
    }

    private Open open() throws SocketException {
        return open.filter(_ -> !closed)
                .orElseThrow(() -> new SocketException("the connection to " + path + " is closed"));
    }

    private void await(Selector selector, int millis) throws IOException {
        long begun = System.nanoTime();
        try {
            while (selector.select(left(begun, millis)) == 0) {
                if (Thread.currentThread().isInterrupted()) {
                    close();
                    throw new SocketException("interrupted");
                }
                open();
                if (millis > 0 && left(begun, millis) == 1) {
                    throw new SocketTimeoutException("Read timed out");
                }
            }
            selector.selectedKeys().clear();
        } catch (ClosedSelectorException e) {
            throw new SocketException("the connection to " + path + " is closed");
        }
    }

    /** At least one; 0 is without end. */
    private static long left(long begun, int millis) {
        long passed = Duration.ofNanos(System.nanoTime() - begun).toMillis();
        return millis == 0 ? 0 : Math.max(1, millis - passed);
    }

    @Override
    public InputStream getInputStream() throws IOException {
        open();
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] to, int from, int length) throws IOException {
                if (length == 0) {
                    return 0;
                }
                ByteBuffer part = ByteBuffer.wrap(to, from, length);
                Open now = open();
                int read = now.channel().read(part);
                while (read == 0) {
                    await(now.readable(), readMillis);
                    read = now.channel().read(part);
                }
                return read;
            }

            @Override
            public void close() throws IOException {
                UnixSocket.this.close();
            }
        };
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        open();
        return new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                write(new byte[] {(byte) one}, 0, 1);
            }

            @Override
            public void write(byte[] from, int offset, int length) throws IOException {
                ByteBuffer part = ByteBuffer.wrap(from, offset, length);
                while (part.hasRemaining()) {
                    Open now = open();
                    if (now.channel().write(part) == 0) {
                        await(now.writable(), 0);
                    }
                }
            }

            @Override
            public void close() throws IOException {
                UnixSocket.this.close();
            }
        };
    }

    @Override
    public void close() throws IOException {
        closed = true;
        if (open.isPresent()) {
            Open now = open.get();
            // The channel first: a selector that is closed wakes who waits, and he finds it closed.
            now.channel().close();
            now.readable().close();
            now.writable().close();
        }
    }

    @Override
    public boolean isConnected() {
        return open.isPresent();
    }

    @Override
    public boolean isBound() {
        return open.isPresent();
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void setSoTimeout(int millis) {
        readMillis = millis;
    }

    @Override
    public int getSoTimeout() {
        return readMillis;
    }

    // What follows has a meaning for TCP only.

    @Override
    public void setTcpNoDelay(boolean on) {}

    @Override
    public void setKeepAlive(boolean on) {}

    @Override
    public void setSoLinger(boolean on, int seconds) {}
}
