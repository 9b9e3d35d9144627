package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A session through a Unix socket is bounded, and given up, as one over TCP is. */
class UnixSocketTest {
    private static final InetSocketAddress NOWHERE = InetSocketAddress.createUnresolved("x", 1);

    @TempDir Path directory;
    private ServerSocketChannel server;
    private UnixSocket socket;

    @BeforeEach
    void listen() throws IOException {
        Path path = directory.resolve(".s.PGSQL.5432");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path), 1);
        socket = new UnixSocket(path);
    }

    @AfterEach
    void end() throws IOException {
        socket.close();
        server.close();
    }

    @Test
    void muchGoesBothWays() throws Exception {
        socket.connect(NOWHERE, 1000);
        byte[] sent = new byte[1 << 20];
        new Random(1).nextBytes(sent);
        Thread echo = Thread.ofPlatform().start(() -> echo(sent.length));
        Thread writing = Thread.ofPlatform().start(() -> write(sent));

        assertThat(socket.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
        writing.join();
        echo.join();
        assertThat(socket.getInputStream().read()).as("after its end").isEqualTo(-1);
    }

    private void write(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void echo(int bytes) {
        try (SocketChannel accepted = server.accept()) {
            ByteBuffer all = ByteBuffer.allocate(bytes);
            while (all.hasRemaining() && accepted.read(all) >= 0) {}
            all.flip();
            while (all.hasRemaining()) {
                int _ = accepted.write(all);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aReadEndsAtItsTimeOutAndTheConnectionGoesOn() throws IOException {
        socket.connect(NOWHERE, 1000);
        socket.setSoTimeout(20);
        assertThatThrownBy(() -> socket.getInputStream().read())
                .isInstanceOf(SocketTimeoutException.class);

        try (SocketChannel accepted = server.accept()) {
            int _ = accepted.write(ByteBuffer.wrap(new byte[] {7}));
            assertThat(socket.getInputStream().read()).isEqualTo(7);
        }
    }

    @Test
    void whoIsInterruptedOnAVirtualThreadWaitsNoLonger() throws Exception {
        socket.connect(NOWHERE, 1000);
        AtomicReference<Throwable> ended = new AtomicReference<>();
        Thread reader = reading(ended);

        reader.interrupt();

        reader.join();
        assertThat(ended.get()).isInstanceOf(IOException.class);
    }

    @Test
    void whoWaitsIsWokenByTheEndOfTheConnection() throws Exception {
        socket.connect(NOWHERE, 1000);
        AtomicReference<Throwable> ended = new AtomicReference<>();
        Thread reader = reading(ended);

        socket.close();

        reader.join();
        assertThat(ended.get()).isInstanceOf(SocketException.class);
    }

    private Thread reading(AtomicReference<Throwable> ended) {
        Thread reader =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                int _ = socket.getInputStream().read();
                            } catch (IOException e) {
                                ended.set(e);
                            }
                        });
        await().until(() ->
                Arrays.stream(reader.getStackTrace())
                        .anyMatch(f -> f.getMethodName().equals("select")));
        return reader;
    }

    @Test
    void aServerThatAcceptsNobodyIsWaitedForNoLongerThanAsked() {
        assertThatThrownBy(
                        () -> {
                            for (int i = 0; i < 10; i++) {
                                new UnixSocket(directory.resolve(".s.PGSQL.5432"))
                                        .connect(NOWHERE, 50);
                            }
                        })
                .isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void aSocketThatIsNotThereIsSaid() {
        assertThatThrownBy(() -> new UnixSocket(directory.resolve("none")).connect(NOWHERE, 1000))
                .isInstanceOf(SocketException.class);
    }
}
