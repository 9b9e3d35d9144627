package dev.holdfast.dcs.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.holdfast.core.LeaseId;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.DcsException;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** The port on etcd (3.4 or newer), through jetcd. */
public final class EtcdDcs implements Dcs {
    private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(1500);
    private static final Duration KEEPALIVE_TIME = Duration.ofSeconds(10);
    private static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(2);

    /**
     * Deadlines.
     *
     * @param requestTimeout of a read or a transaction
     * @param leaseTimeout of what concerns a lease: shorter, so that a renewal can be tried again
     *     before the lease runs out
     */
    public record Options(Duration requestTimeout, Duration leaseTimeout) {
        public Options {
            if (requestTimeout.toMillis() < 1 || leaseTimeout.toMillis() < 1) {
                throw new IllegalArgumentException(
                        "a deadline is at least 1 ms, found "
                                + requestTimeout
                                + " and "
                                + leaseTimeout);
            }
        }
    }

    private final String prefix;
    private final ByteSequence prefixBytes;
    private final Options options;
    private final Endpoints endpoints;
    private final ExecutorService executor;

    private EtcdDcs(String prefix, Options options, Endpoints endpoints, ExecutorService executor) {
        this.prefix = prefix;
        this.prefixBytes = bytes(prefix);
        this.options = options;
        this.endpoints = endpoints;
        this.executor = executor;
    }

    /**
     * Prepares connections; whether etcd is there shows at the first call.
     *
     * @param prefix what all keys begin with, {@code /service/demo/}
     * @throws DcsException when an endpoint is not {@code http://host:port}, there is none, or
     *     certificates cannot be read
     */
    public static EtcdDcs connect(AgentConfig.Etcd etcd, String prefix, Options options) {
        List<String> urls =
                etcd.srv().isPresent() && etcd.endpoints().isEmpty()
                        ? new SrvRecords().endpoints(etcd.srv().get())
                        : etcd.endpoints();
        if (urls.isEmpty()) {
            throw new DcsException(
                    "No address of etcd is configured; name at least one under etcd3, as host:port.");
        }
        List<Target> targets = urls.stream().map(EtcdDcs::target).toList();
        Optional<EtcdTls> tls =
                targets.stream().anyMatch(target -> target.protection() == Protection.TLS)
                        ? Optional.of(new EtcdTls(etcd.tls()))
                        : Optional.empty();
        ExecutorService executor =
                Executors.newCachedThreadPool(
                        Thread.ofPlatform().daemon().name("etcd-", 0).factory());
        Deadlines deadlines = new Deadlines(options.requestTimeout(), options.leaseTimeout());
        Duration grace = options.requestTimeout().plus(options.leaseTimeout());
        List<Endpoint> all =
                targets.stream()
                        .map(target ->
                                new Endpoint(
                                        target.url(),
                                        () -> client(etcd, target, tls, deadlines, executor),
                                        grace))
                        .toList();
        return new EtcdDcs(prefix, options, new Endpoints(all), executor);
    }

    private enum Protection {
        NONE,
        TLS
    }

    private record Target(String url, String name, Protection protection) {}

    private static Target target(String endpoint) {
        String expected = "\" is not an address of etcd; expected http://host:port, or https.";
        URI uri;
        try {
            uri = URI.create(endpoint);
        } catch (IllegalArgumentException e) {
            throw new DcsException("\"" + endpoint + expected, e);
        }
        boolean known = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        if (!known || uri.getHost() == null || uri.getPort() < 1) {
            throw new DcsException("\"" + endpoint + expected);
        }
        return new Target(
                endpoint,
                "dns:///" + uri.getHost() + ":" + uri.getPort(),
                uri.getScheme().equals("https") ? Protection.TLS : Protection.NONE);
    }

    private static Client client(
            AgentConfig.Etcd etcd,
            Target target,
            Optional<EtcdTls> tls,
            Deadlines deadlines,
            ExecutorService executor) {
        ClientBuilder builder =
                Client.builder()
                        .target(target.name())
                        .loadBalancerPolicy("pick_first")
                        .waitForReady(false)
                        .connectTimeout(CONNECT_TIMEOUT)
                        .keepaliveTime(KEEPALIVE_TIME)
                        .keepaliveTimeout(KEEPALIVE_TIMEOUT)
                        .interceptor(deadlines)
                        // One more try, and no later: it is for a token of authentication that has
                        // run out.
                        .retryMaxAttempts(1)
                        .retryDelay(50)
                        .retryMaxDelay(100)
                        .executorService(executor);
        etcd.credentials()
                .ifPresent(credentials ->
                        builder.user(bytes(credentials.username()))
                                .password(bytes(credentials.password())));
        tls.filter(_ -> target.protection() == Protection.TLS)
                .ifPresent(protection -> builder.sslContext(protection.current()));
        return builder.build();
    }

    @Override
    public CompletionStage<Snapshot> read() {
        GetOption all = GetOption.builder().isPrefix(true).build();
        return result(
                endpoints.repeatable(
                        "read",
                        options.requestTimeout(),
                        client -> client.getKVClient().get(prefixBytes, all)),
                this::snapshot,
                failure -> Optional.empty());
    }

    @Override
    public CompletionStage<Optional<Entry>> get(String key) {
        ByteSequence name = bytes(prefix + key);
        return result(
                endpoints.repeatable(
                        "get " + key,
                        options.requestTimeout(),
                        client -> client.getKVClient().get(name)),
                response -> response.getKvs().stream().findFirst().map(EtcdDcs::entry),
                failure -> Optional.empty());
    }

    @Override
    public CompletionStage<TxnResult> commit(List<Compare> compares, List<Op> ops) {
        Cmp[] conditions = compares.stream().map(this::condition).toArray(Cmp[]::new);
        io.etcd.jetcd.op.Op[] writes =
                ops.stream().map(this::write).toArray(io.etcd.jetcd.op.Op[]::new);
        return result(
                endpoints.once(
                        "commit",
                        options.requestTimeout(),
                        client -> client.getKVClient().txn().If(conditions).Then(writes).commit()),
                response ->
                        response.isSucceeded()
                                ? new TxnResult.Applied(response.getHeader().getRevision())
                                : new TxnResult.Refused(response.getHeader().getRevision()),
                failure ->
                        failure instanceof Failure.LeaseNotFound
                                ? Optional.of(new TxnResult.LeaseGone())
                                : Optional.empty());
    }

    @Override
    public Watch watch(long fromRevision, WatchListener listener) {
        WatchOption option =
                WatchOption.builder()
                        .isPrefix(true)
                        .withRevision(fromRevision)
                        .withRequireLeader(true)
                        .build();
        Endpoint endpoint = endpoints.preferred();
        EtcdWatch watch = new EtcdWatch(endpoint, listener, this::event, executor);
        endpoint.register(watch);
        try {
            watch.began(endpoint.client().getWatchClient().watch(prefixBytes, option, watch));
        } catch (RuntimeException e) {
            watch.onError(e);
        }
        if (!endpoints.prefers(endpoint)) {
            watch.end(
                    "The watch on etcd at "
                            + endpoint.url()
                            + " was given up: another address is preferred now.");
        }
        return watch;
    }

    /** {@inheritDoc} etcd counts whole seconds: the TTL asked for is rounded up. */
    @Override
    public CompletionStage<Granted> grant(Duration ttl) {
        long seconds = Math.max(1, ttl.plusNanos(999_999_999).toSeconds());
        return result(
                endpoints.once(
                        "grant",
                        options.leaseTimeout(),
                        client -> client.getLeaseClient().grant(seconds)),
                response ->
                        new Granted(
                                new LeaseId(response.getID()),
                                Duration.ofSeconds(response.getTTL())),
                failure -> Optional.empty());
    }

    @Override
    public CompletionStage<Renewal> keepAlive(LeaseId lease) {
        return result(
                endpoints.repeatable(
                        "keep-alive",
                        options.leaseTimeout(),
                        client -> client.getLeaseClient().keepAliveOnce(lease.value())),
                response ->
                        response.getTTL() > 0
                                ? new Renewal.Renewed(Duration.ofSeconds(response.getTTL()))
                                : new Renewal.Gone(),
                failure ->
                        failure instanceof Failure.LeaseNotFound
                                ? Optional.of(new Renewal.Gone())
                                : Optional.empty());
    }

    @Override
    public CompletionStage<LeaseState> leaseState(LeaseId lease) {
        return result(
                endpoints.repeatable(
                        "lease state",
                        options.leaseTimeout(),
                        client ->
                                client.getLeaseClient()
                                        .timeToLive(lease.value(), LeaseOption.DEFAULT)),
                // A lease that ran out while etcd could not yet remove it has a negative TTL too,
                // but was granted one: its
                // keys still stand.
                response ->
                        response.getTTL() < 0 && response.getGrantedTTL() == 0
                                ? new LeaseState.Gone()
                                : new LeaseState.Alive(
                                        Duration.ofSeconds(Math.max(0, response.getTTL())),
                                        Duration.ofSeconds(response.getGrantedTTL())),
                failure ->
                        failure instanceof Failure.LeaseNotFound
                                ? Optional.of(new LeaseState.Gone())
                                : Optional.empty());
    }

    @Override
    public CompletionStage<Void> revoke(LeaseId lease) {
        CompletionStage<Boolean> revoked =
                result(
                        endpoints.repeatable(
                                "revoke",
                                options.leaseTimeout(),
                                client -> client.getLeaseClient().revoke(lease.value())),
                        response -> true,
                        // It is gone, which is what was wanted.
                        failure ->
                                failure instanceof Failure.LeaseNotFound
                                        ? Optional.of(true)
                                        : Optional.empty());
        return revoked.thenAccept(gone -> {});
    }

    @Override
    public void close() {
        endpoints.close();
        executor.shutdown();
    }

    /** What the port says of a call: an answer, a refusal that is a result, or a failure. */
    private static <A, R> CompletionStage<R> result(
            CompletableFuture<A> call,
            Function<A, R> answered,
            Function<Failure, Optional<? extends R>> refused) {
        CompletableFuture<R> result = new CompletableFuture<>();
        var _ =
                call.whenComplete((answer, thrown) -> {
                    try {
                        switch (thrown) {
                            case null -> result.complete(answered.apply(answer));
                            case EtcdRefusal refusal ->
                                    refused.apply(refusal.failure())
                                            .ifPresentOrElse(
                                                    result::complete,
                                                    () ->
                                                            result.completeExceptionally(
                                                                    new DcsException(
                                                                            refusal.sentence(),
                                                                            refusal)));
                            default -> result.completeExceptionally(thrown);
                        }
                    } catch (RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                });
        return result;
    }

    private Snapshot snapshot(GetResponse response) {
        SortedMap<String, Entry> entries = new TreeMap<>();
        response.getKvs().forEach(kv -> entries.put(relative(kv), entry(kv)));
        return new Snapshot(
                response.getHeader().getRevision(), Collections.unmodifiableSortedMap(entries));
    }

    private Event event(WatchEvent event) {
        KeyValue kv = event.getKeyValue();
        return switch (event.getEventType()) {
            case PUT -> new Event.Written(relative(kv), entry(kv));
            case DELETE -> new Event.Deleted(relative(kv), kv.getModRevision());
            case UNRECOGNIZED ->
                    throw new DcsException(
                            "etcd told of a change of an unknown kind to "
                                    + kv.getKey().toString(UTF_8)
                                    + "; it is newer than this release knows.");
        };
    }

    private String relative(KeyValue kv) {
        return kv.getKey().toString(UTF_8).substring(prefix.length());
    }

    private static Entry entry(KeyValue kv) {
        return new Entry(
                kv.getValue().toString(UTF_8),
                kv.getCreateRevision(),
                kv.getModRevision(),
                kv.getLease() == 0 ? Optional.empty() : Optional.of(new LeaseId(kv.getLease())));
    }

    private Cmp condition(Compare compare) {
        return switch (compare) {
            case Compare.Absent(String key) ->
                    new Cmp(bytes(prefix + key), Cmp.Op.EQUAL, CmpTarget.createRevision(0));
            case Compare.AtRevision(String key, long modRevision) ->
                    new Cmp(bytes(prefix + key), Cmp.Op.EQUAL, CmpTarget.modRevision(modRevision));
        };
    }

    private io.etcd.jetcd.op.Op write(Op op) {
        return switch (op) {
            case Op.Put(String key, String value, Optional<LeaseId> lease) ->
                    io.etcd.jetcd.op.Op.put(
                            bytes(prefix + key),
                            bytes(value),
                            PutOption.builder()
                                    .withLeaseId(lease.map(LeaseId::value).orElse(0L))
                                    .build());
            case Op.Delete(String key) ->
                    io.etcd.jetcd.op.Op.delete(bytes(prefix + key), DeleteOption.DEFAULT);
        };
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }
}
