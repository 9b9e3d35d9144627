package dev.holdfast.agent.guard;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes to and from the guard, on one thread that owns the socket. Callers only put a request into
 * a queue, so that a guard that is stopped and takes no more bytes cannot block the agent's loop.
 */
final class GuardConnection {
    static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(2);
    static final int PROTOCOL = 2;
    private static final int LINE_BYTES = 64 * 1024;
    private static final Logger LOG = LoggerFactory.getLogger(GuardConnection.class);

    private final UnixDomainSocketAddress address;
    private final SocketChannel channel;
    private final Selector selector;
    private final GuardClient.Listener listener;
    private final CompletableFuture<GuardLine.Hello> hello = new CompletableFuture<>();

    /** Guards the three fields that callers share with the thread. */
    private final Object lock = new Object();

    private final Deque<Request> submitted = new ArrayDeque<>();
    private long requests;
    private boolean closed;

    // Only the thread touches these. Requests come in order and wait equally long, so the first one
    // is the first to run out.
    private final Deque<Request> unsent = new ArrayDeque<>();
    private final Map<String, Request> unanswered = new LinkedHashMap<>();
    private final ByteBuffer received = ByteBuffer.allocate(LINE_BYTES);

    private record Request(
            String id,
            String verb,
            ByteBuffer bytes,
            long sinceNanos,
            CompletableFuture<List<String>> answer) {}

    private GuardConnection(
            UnixDomainSocketAddress address,
            SocketChannel channel,
            Selector selector,
            GuardClient.Listener listener) {
        this.address = address;
        this.channel = channel;
        this.selector = selector;
        this.listener = listener;
    }

    static GuardConnection open(UnixDomainSocketAddress address, GuardClient.Listener listener)
            throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(address);
            channel.configureBlocking(false);
            Selector selector = Selector.open();
            channel.register(selector, SelectionKey.OP_READ);
            GuardConnection connection = new GuardConnection(address, channel, selector, listener);
            Thread.ofPlatform().daemon().name("guard-client").start(connection::run);
            return connection;
        } catch (IOException e) {
            channel.close();
            throw new IOException(
                    "no guard answers on %s (%s); it is started by holdfast-guard --dir %s"
                            .formatted(address, e.getMessage(), address.getPath().getParent()),
                    e);
        }
    }

    GuardLine.Hello awaitHello() throws IOException {
        try {
            return hello.get(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            close();
            throw new IOException(
                    "the guard on %s did not greet within %d ms; look whether its process is stopped"
                            .formatted(address, ANSWER_TIMEOUT.toMillis()),
                    e);
        } catch (ExecutionException e) {
            throw new IOException(
                    "the guard on %s ended the connection before it greeted; it takes only root and its own user"
                            .formatted(address),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw new InterruptedIOException("interrupted while connecting to the guard");
        }
    }

    /**
     * Becomes the agent that the guard listens to, and answers with the generation.
     *
     * @param lastGeneration that of this agent's own last claim; 0 for an agent that starts
     */
    long claim(long lastGeneration) throws IOException {
        try {
            return Long.parseLong(
                    request("claim", List.of(Long.toString(lastGeneration)))
                            .get(ANSWER_TIMEOUT.toMillis() * 2, TimeUnit.MILLISECONDS)
                            .get(0));
        } catch (ExecutionException e) {
            close();
            Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            if (cause instanceof GuardRefusedException) {
                throw new GuardReplacedException(String.valueOf(cause.getMessage()));
            }
            throw new IOException(String.valueOf(cause.getMessage()), cause);
        } catch (TimeoutException e) {
            close();
            throw new IOException(
                    "the guard on %s does not let itself be claimed".formatted(address), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw new InterruptedIOException("interrupted while claiming the guard");
        }
    }

    /** Answers with the fields that follow "ok". */
    CompletableFuture<List<String>> request(String verb, List<String> args) {
        for (String arg : args) {
            if (arg.indexOf('\t') >= 0 || arg.indexOf('\n') >= 0 || arg.indexOf('\0') >= 0) {
                return refused(
                        "\"%s\" for the guard's %s holds a tab, a newline or a NUL, which its protocol cannot carry"
                                .formatted(arg, verb));
            }
        }
        synchronized (lock) {
            if (closed) {
                return CompletableFuture.failedFuture(
                        new GuardSilentException(
                                "the guard was not asked to %s: the connection to %s is closed"
                                        .formatted(verb, address)));
            }
            String id = Long.toString(++requests);
            List<String> fields = new ArrayList<>(List.of(id, verb));
            fields.addAll(args);
            byte[] line = (String.join("\t", fields) + "\n").getBytes(StandardCharsets.UTF_8);
            if (line.length > LINE_BYTES) {
                return refused(
                        "the request to %s has %d bytes, the guard takes %d; shorten the arguments"
                                .formatted(verb, line.length, LINE_BYTES));
            }
            Request request =
                    new Request(
                            id,
                            verb,
                            ByteBuffer.wrap(line),
                            System.nanoTime(),
                            new CompletableFuture<>());
            submitted.add(request);
            selector.wakeup();
            return request.answer();
        }
    }

    private static CompletableFuture<List<String>> refused(String sentence) {
        return CompletableFuture.failedFuture(new GuardRefusedException(sentence));
    }

    void close() {
        synchronized (lock) {
            closed = true;
        }
        selector.wakeup();
    }

    private boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    // ---- the connection's thread

    private void run() {
        String why = "a listener or a dependent of a request's future threw an exception";
        try {
            why = serve();
        } catch (IOException e) {
            why = "the connection to the guard on %s broke: %s".formatted(address, e.getMessage());
        } finally {
            end(why);
        }
    }

    /** Serves until the connection is over, and says why it is. */
    private String serve() throws IOException {
        while (!isClosed()) {
            selector.select(selectMillis());
            takeSubmitted();
            send();
            if (!receive()) {
                return "the guard on %s closed the connection".formatted(address);
            }
            expire();
        }
        return "the connection to the guard was closed here";
    }

    /** How long nothing has to be done unless something happens; 0 is for ever. */
    private long selectMillis() {
        for (Request oldest : unanswered.values()) {
            return Math.max(1, ANSWER_TIMEOUT.toMillis() - ageMillis(oldest) + 1);
        }
        return 0;
    }

    private static long ageMillis(Request request) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - request.sinceNanos());
    }

    private void takeSubmitted() {
        synchronized (lock) {
            for (Request request : submitted) {
                unsent.add(request);
                unanswered.put(request.id(), request);
            }
            submitted.clear();
        }
    }

    private void send() throws IOException {
        for (Request next = unsent.peek(); next != null; next = unsent.peek()) {
            channel.write(next.bytes());
            if (next.bytes().hasRemaining()) {
                break;
            }
            unsent.remove();
        }
        int interest =
                unsent.isEmpty()
                        ? SelectionKey.OP_READ
                        : SelectionKey.OP_READ | SelectionKey.OP_WRITE;
        channel.keyFor(selector).interestOps(interest);
    }

    /** Reads what has come. False once the guard has closed the connection. */
    private boolean receive() throws IOException {
        int length = channel.read(received);
        received.flip();
        for (String line = nextLine(); line != null; line = nextLine()) {
            handle(GuardLine.parse(line));
        }
        received.compact();
        if (!received.hasRemaining()) {
            throw new IOException("a line is longer than %d bytes".formatted(LINE_BYTES));
        }
        return length >= 0;
    }

    private @Nullable String nextLine() {
        for (int i = received.position(); i < received.limit(); i++) {
            if (received.get(i) == '\n') {
                byte[] line = new byte[i - received.position()];
                received.get(line).get();
                return new String(line, StandardCharsets.UTF_8);
            }
        }
        return null;
    }

    private void handle(GuardLine line) {
        switch (line) {
            case GuardLine.Hello greeting -> hello.complete(greeting);
            case GuardLine.State(GuardState state) -> listener.onState(state);
            case GuardLine.Exited(long pid, ExitCause cause) -> listener.onExited(pid, cause);
            case GuardLine.Gone(long pid) -> listener.onGone(pid);
            case GuardLine.Fenced(long pid, String why) -> listener.onFenced(pid, why);
            case GuardLine.Replaced() -> listener.onReplaced();
            case GuardLine.Watchdog(WatchdogState state) -> listener.onWatchdog(state);
            case GuardLine.Address(String address, String state, String why) ->
                    listener.onAddress(address, state, why);
            case GuardLine.Notice(String sentence) -> listener.onNotice(sentence);
            case GuardLine.Unheard(String text) ->
                    LOG.debug("Passed over a line of a newer guard: {}", text);
            case GuardLine.Done(String id, List<String> values) -> {
                Request request = unanswered.remove(id);
                if (request != null) {
                    request.answer().complete(values);
                }
            }
            case GuardLine.Refused(String id, String sentence) -> {
                Request request = unanswered.remove(id);
                if (request != null) {
                    request.answer()
                            .completeExceptionally(
                                    new GuardRefusedException("the guard refused: " + sentence));
                }
            }
        }
    }

    private void expire() {
        while (!unanswered.isEmpty()) {
            Request oldest = unanswered.values().iterator().next();
            if (ageMillis(oldest) < ANSWER_TIMEOUT.toMillis()) {
                return;
            }
            unanswered.remove(oldest.id());
            // What has not begun to leave is not sent any more: a word that old could do harm.
            if (oldest.bytes().position() == 0) {
                unsent.remove(oldest);
            }
            fail(
                    oldest,
                    "within %d ms; look whether its process is stopped"
                            .formatted(ANSWER_TIMEOUT.toMillis()));
        }
    }

    private void fail(Request request, String why) {
        request.answer()
                .completeExceptionally(
                        new GuardSilentException(
                                "the guard did not answer %s on %s: %s"
                                        .formatted(request.verb(), address, why)));
    }

    private void end(String why) {
        boolean closedHere;
        synchronized (lock) {
            closedHere = closed;
            closed = true;
        }
        try (channel;
                selector) {
            takeSubmitted();
        } catch (IOException e) {
            LOG.debug("Closing the connection to the guard failed", e);
        }
        hello.completeExceptionally(new GuardSilentException(why));
        for (Request request : List.copyOf(unanswered.values())) {
            fail(request, why);
        }
        unanswered.clear();
        if (!closedHere) {
            listener.onDisconnected(why);
        }
    }
}
